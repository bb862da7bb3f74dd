"""`/probe`, from a request to a mail server and back."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open

from smtpcheck.model.transcript import Who
from smtpcheck.sandbox.received import Received, Talk
from smtpcheck.sandbox.scenario import find_scenario
from smtpcheck.sandbox.server import Sandbox
from tests.scripted.script import parse_script
from tests.scripted.server import ScriptedServer
from tests.serve.exporting import Answer, World, wait_for

CANARY = "canary-Pa55word"


@pytest.fixture
def received() -> list[Received]:
    return []


@pytest.fixture
def talks() -> list[Talk]:
    return []


@pytest.fixture
def own_server(received: list[Received], talks: list[Talk]) -> Iterator[Sandbox]:
    """A server that tells what it is asked."""
    with Sandbox(on_message=received.append, on_event=talks.append) as made:
        yield made


def logins(talks: list[Talk]) -> int:
    """How often somebody tried to log in."""
    return sum(talk.who is Who.CLIENT and talk.text.startswith("AUTH") for talk in talks)


def test_a_healthy_server_succeeds_in_every_stage(world: World, server: Sandbox) -> None:
    path = world.write("good", server, server.password)
    with world.serving(path) as client:
        answer = client.probe(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.value("probe_success", target=str(path)) == 1
    assert answer.value("smtpcheck_stage_success", stage="send") == 1
    assert answer.value("smtpcheck_held") == 0
    assert answer.causes() == set()


def test_an_odd_name_is_one_label_in_all_metrics(world: World, server: Sandbox) -> None:
    path = world.write("good", server, server.password)
    path = path.rename(world.folder / 'o"d\\d\u00e9.toml')
    with world.serving(path, until="tcp") as client:
        answer = client.probe(quote(str(path), safe=""))
    assert answer.value("probe_success") == 1
    names = {dict(labels)["target"] for _, labels in answer.samples}
    assert len(names) == 1


def test_a_probe_sends_no_message_unless_it_is_told_to(
    world: World, own_server: Sandbox, received: list[Received]
) -> None:
    path = world.write("good", own_server, own_server.password)
    with world.serving(path) as client:
        assert client.probe(path).value("probe_success") == 1
    assert received == []
    with world.serving(path, send=True) as client:
        assert client.probe(path).value("probe_success") == 1
    assert len(received) == 1


def test_a_refused_login_is_tried_once_and_then_held(
    world: World, own_server: Sandbox, talks: list[Talk]
) -> None:
    path = world.write("bad", own_server, CANARY)
    twin = world.write("twin", own_server, CANARY)
    with world.serving(path, twin) as client:
        first = client.probe(path)
        again = client.probe(path)
        other = client.probe(twin)
        told = client.get("/metrics")
    assert logins(talks) == 1
    for answer in (first, again, other):
        assert answer.status == 200
        assert answer.value("probe_success") == 0
        assert answer.value("smtpcheck_held") == 1
        assert answer.causes() == {"auth-bad-credentials"}
    assert again.text == first.text
    count = "smtpcheck_exporter_probes_total"
    assert told.value(count, target=str(path), outcome="failed") == 1
    assert told.value(count, target=str(path), outcome="held") == 1
    assert told.value(count, target=str(twin), outcome="held") == 1
    assert told.value("smtpcheck_exporter_held_logins") == 1


def test_many_requests_at_once_try_a_wrong_password_once(
    world: World, own_server: Sandbox, talks: list[Talk]
) -> None:
    path = world.write("bad", own_server, CANARY)
    twin = world.write("twin", own_server, CANARY)
    answers: list[Answer] = []
    with world.serving(path, twin) as client:
        threads = [
            threading.Thread(target=lambda each=each: answers.append(client.probe(each)))
            for each in [path, twin] * 6
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert [answer.value("smtpcheck_held") for answer in answers] == [1.0] * 12
    assert logins(talks) == 1


def test_another_password_ends_the_hold(world: World, own_server: Sandbox) -> None:
    path = world.write("bad", own_server, CANARY)
    with world.serving(path) as client:
        assert client.probe(path).value("smtpcheck_held") == 1
        (world.folder / "bad.password").write_text(own_server.password)
        mended = client.probe(path)
        assert mended.value("probe_success") == 1
        assert mended.value("smtpcheck_held") == 0
        (world.folder / "bad.password").write_text(CANARY)
        # This one was refused within the hour: it is not tried, whatever was good in between.
        assert client.probe(path).value("smtpcheck_held") == 1
        told = client.get("/metrics")
    assert told.value("smtpcheck_exporter_probes_total", outcome="held") == 1


def test_a_hold_of_no_time_holds_nothing(world: World, own_server: Sandbox) -> None:
    path = world.write("bad", own_server, CANARY)
    with world.serving(path, hold=0.0) as client:
        client.probe(path)
        client.probe(path)
        told = client.get("/metrics")
    assert told.value("smtpcheck_exporter_probes_total", outcome="failed") == 2


def test_what_comes_before_the_login_is_probed_while_it_is_held(
    world: World, server: Sandbox
) -> None:
    path = world.write("bad", server, CANARY)
    with world.serving(path) as client:
        client.probe(path)
        answer = client.probe(path, "&until=tls")
    assert answer.value("probe_success") == 1
    assert answer.value("smtpcheck_held") == 0


def test_a_temporary_failure_is_no_refusal(world: World) -> None:
    with Sandbox(scenario=find_scenario("greylist")) as greylisting:
        path = world.write("grey", greylisting, greylisting.password)
        with world.serving(path) as client:
            answer = client.probe(path)
            told = client.get("/metrics")
    assert answer.value("smtpcheck_exit_code") == 75
    assert answer.value("smtpcheck_held") == 0
    assert told.value("smtpcheck_exporter_probes_total", outcome="temporary") == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?target=", 404),
        ("?target=localhost:25", 404),
        ("?target=smtp://127.0.0.1", 404),
        ("?target=%3Cscript%3Ealert(1)%3C/script%3E", 404),
        ("?target=%0d%0aSet-Cookie:%20a=b", 404),
        ("?target=../../etc/passwd", 404),
        ("?target=%FF%FE%00", 404),
    ],
)
def test_nothing_else_than_its_profiles_can_be_probed(
    world: World, server: Sandbox, query: str, status: int
) -> None:
    path = world.write("good", server, server.password)
    with world.serving(path) as client:
        answer = client.get(f"/probe{query}")
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "script" not in answer.text
    assert "passwd" not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("flag", "asked", "status"),
    [("", "auth", 200), ("auth", "tls", 200), ("tls", "auth", 400), ("", "bogus", 400)],
)
def test_a_request_may_stop_earlier_and_never_later(
    world: World, server: Sandbox, flag: str, asked: str, status: int
) -> None:
    path = world.write("good", server, server.password)
    with world.serving(path, until=flag) as client:
        assert client.probe(path, f"&until={asked}").status == status


def test_openmetrics_is_given_to_who_asks_for_it(world: World, server: Sandbox) -> None:
    path = world.write("good", server, server.password)
    with world.serving(path) as client:
        answer = client.probe(path, Accept="application/openmetrics-text;version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    names = {family.name for family in read_open(answer.text)}  # type: ignore[no-untyped-call] # has no types
    assert {"probe_success", "smtpcheck_held", "probe_tls_version"} <= names


def test_the_conversation_is_written_where_the_profile_wants_it(
    world: World, server: Sandbox
) -> None:
    path = world.write("good", server, server.password)
    path.write_text(f'{path.read_text()}[debug]\nfile = "{world.folder}/talk.txt"\n')
    with world.serving(path, until="auth") as client:
        assert client.probe(path).value("probe_success") == 1
    told = (world.folder / "talk.txt").read_text()
    assert "AUTH PLAIN <hidden>" in told
    assert server.password not in told


@pytest.mark.skipif(not shutil.which("promtool"), reason="not installed: promtool (prometheus)")
def test_promtool_reads_every_page_of_metrics(world: World, server: Sandbox) -> None:
    good = world.write("good", server, server.password)
    bad = world.write("bad", server, CANARY)
    off = world.write("off", server, CANARY, enabled=False)
    with world.serving(good, bad, off) as client:
        pages = [client.probe(each).text for each in (good, bad, off)]
    for text in pages:
        done = subprocess.run(
            ["promtool", "check", "metrics"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 3), done.stderr  # 3: it would name something otherwise
        assert "error" not in done.stderr


def test_a_disabled_profile_is_not_probed_and_not_listed(
    world: World, own_server: Sandbox, talks: list[Talk]
) -> None:
    path = world.write("off", own_server, own_server.password, enabled=False)
    good = world.write("good", own_server, own_server.password)
    with world.serving(path, good) as client:
        answer = client.probe(path)
        listed = json.loads(client.get("/targets").text)
    assert answer.status == 200
    assert answer.value("smtpcheck_profile_enabled") == 0
    assert [name for name, _ in answer.samples if name == "probe_success"] == []
    assert talks == []
    assert [group["targets"] for group in listed] == [[str(good)]]


@pytest.mark.parametrize("text", ["x", "-1", "0", "nan", "inf", "1e999"])
def test_a_scrape_timeout_that_is_no_time_is_refused(
    world: World, server: Sandbox, text: str
) -> None:
    path = world.write("good", server, server.password)
    with world.serving(path) as client:
        answer = client.probe(path, X_Prometheus_Scrape_Timeout_Seconds=text)
    assert answer.status == 400


def test_a_probe_ends_before_prometheus_gives_up(world: World) -> None:
    script = parse_script("S: 220 hi\nC: EHLO\n!: hang")
    with ScriptedServer(script, None, strict=False) as silent:
        path = world.folder / "silent.toml"
        path.write_text(
            f'schema = 1\n[server]\nhost = "127.0.0.1"\nport = {silent.port}\n'
            'security = "none"\ntimeout = 60.0\n'
        )
        with world.serving(path) as client:
            answer = client.probe(path, X_Prometheus_Scrape_Timeout_Seconds="1.2")
    assert answer.value("probe_success") == 0
    assert answer.value("probe_duration_seconds") <= 0.7 + 0.1


def test_the_report_is_shown_where_that_was_allowed_and_holds_no_secret(
    world: World, server: Sandbox
) -> None:
    path = world.write("bad", server, CANARY)
    with world.serving(path) as client:
        refused = client.probe(path, "&debug=true")
    assert refused.status == 403
    with world.serving(path, debug=True) as client:
        shown = client.probe(path, "&debug=true")
        again = client.probe(path, "&debug=true")
    assert shown.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "auth-bad-credentials" in shown.text
    assert "AUTH PLAIN <hidden>" in shown.text
    assert again.text.startswith("held: ")
    assert CANARY not in shown.text + again.text + world.log.getvalue()


def test_no_page_and_no_line_of_the_log_holds_a_password(world: World, server: Sandbox) -> None:
    path = world.write("bad", server, CANARY)
    with world.serving(path, debug=True, lifecycle=True) as client:
        pages = [
            client.probe(path).text,
            client.probe(path, "&debug=true").text,
            client.get("/metrics").text,
            client.get("/targets").text,
            client.get("/").text,
            client.get("/-/reload", method="POST").text,
        ]
    for text in [*pages, world.log.getvalue()]:
        assert CANARY not in text


def test_fifty_requests_at_once_never_run_more_than_four_probes(
    world: World, server: Sandbox
) -> None:
    path = world.write("good", server, server.password)
    results: list[int] = []
    seen: list[float] = []
    with world.serving(path, at_once=4, until="tls") as client:

        def ask() -> None:
            results.append(client.probe(path).status)

        threads = [threading.Thread(target=ask) for _ in range(50)]
        for each in threads:
            each.start()
        while any(each.is_alive() for each in threads):
            seen.append(client.get("/metrics").value("smtpcheck_exporter_probes_in_flight"))
        for each in threads:
            each.join()
        told = client.get("/metrics")
    assert results == [200] * 50
    assert max(seen) <= 4
    assert told.value("smtpcheck_exporter_probes_total", outcome="passed") == 50
    assert told.value("smtpcheck_exporter_probes_in_flight") == 0
    assert told.value("smtpcheck_exporter_probes_waiting") == 0


def test_what_gets_no_turn_in_its_time_is_told_so_and_counted(world: World) -> None:
    script = parse_script("S: 220 hi\nC: EHLO\n!: hang")
    with ScriptedServer(script, None, strict=False) as silent:
        path = world.folder / "silent.toml"
        path.write_text(PROFILE_WITHOUT_TLS.format(port=silent.port))
        with world.serving(path, at_once=1, deadline=4.0) as client:
            slow = threading.Thread(target=client.probe, args=(path,))
            slow.start()
            wait_for(client, "smtpcheck_exporter_probes_in_flight")
            answer = client.probe(path, X_Prometheus_Scrape_Timeout_Seconds="0.6")
            told = client.get("/metrics")
            slow.join()
    assert answer.status == 503
    assert "Retry-After" in answer.headers
    assert told.value("smtpcheck_exporter_probes_refused_total") == 1


PROFILE_WITHOUT_TLS = """\
schema = 1
[server]
host = "127.0.0.1"
port = {port}
security = "none"
timeout = 60.0
"""
