"""Several targets in one run: what they share, what they must not, and how they end together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from smtpcheck.api import Job, load_target, probe, probe_many, report_of
from smtpcheck.model.errors import UsageError
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import Report
from smtpcheck.model.secret import Secret, SecretRef, SecretSource
from smtpcheck.report.style import Style
from smtpcheck.report.text import render_text
from smtpcheck.store.profile_reader import profile_from_settings
from tests.pki import TestPki
from tests.scripted.probing import PASSWORD, RECIPIENT, USERNAME, step
from tests.scripted.server import ScriptedServer

REFUSES = "!: include parts/starttls.smtp\nC: AUTH\nS: 535 5.7.8 wrong password\n"
LATER = REFUSES.replace("535 5.7.8 wrong password", "454 4.7.0 not now")
JUDGES_NOTHING = REFUSES.replace("535 5.7.8 wrong password", "504 5.5.4 unknown")


def job(
    peer: ScriptedServer,
    pki: TestPki,
    *,
    name: str = "one",
    password: str = PASSWORD,
    enabled: bool = True,
    **tables: dict[str, object],
) -> Job:
    settings: dict[str, dict[str, object]] = {
        "server": {"host": "127.0.0.1", "port": peer.port, "timeout": 2.0},
        "tls": {"ca_file": str(pki.ca_file), "server_name": "mail.example.test"},
        "auth": {"username": USERNAME, "password": {"prompt": True}, "method": "plain"},
        "sender": {"address": USERNAME},
        "test": {"to": [RECIPIENT]},
    }
    for table, keys in tables.items():
        settings[table] = {**settings.get(table, {}), **keys}
    loaded = profile_from_settings(settings, environment={})
    given = SecretRef(SecretSource.GIVEN, given=Secret(password))
    profile = replace(
        loaded.profile, auth=replace(loaded.profile.auth, password=given), enabled=enabled
    )
    return Job(name, replace(loaded, profile=profile), Plan(deadline=10.0, experiments=False))


def logins(server: ScriptedServer) -> int:
    return sum(each.verbs().count("AUTH") for each in server.connections)


def together(jobs: Sequence[Job], at_once: int = 8) -> Report:
    return probe_many(jobs, at_once=at_once)


@pytest.mark.parametrize("at_once", [1, 8])
def test_a_refused_login_is_not_tried_again_by_another_target(pki: TestPki, at_once: int) -> None:
    with ScriptedServer(REFUSES, pki, strict=False) as server:
        report = together([job(server, pki, name=str(n)) for n in range(4)], at_once)
        assert logins(server) == 1
    assert report.exit_code == 13
    assert [each.exit_code for each in report.targets] == [13] * 4
    assert len({each.diagnoses[0].cause for each in report.targets}) == 1
    held = [step(each, "auth.login").facts.get("held") for each in report.targets]
    assert held.count(True) == 3
    for each in report.targets:
        texts = {event.n: event.text for event in each.observations.transcript}
        reply = step(each, "auth.login").facts["reply"]
        assert isinstance(reply, dict)
        assert "535 5.7.8 wrong password" in texts[reply["event"]]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (REFUSES, {"password": "another-canary"}),
        (REFUSES, {"auth": {"username": "bob@example.test"}}),
        (REFUSES, {"server": {"host": "localhost"}}),
        (LATER, {}),
        (JUDGES_NOTHING, {}),
    ],
)
def test_another_login_or_one_that_nobody_refused_is_tried(
    pki: TestPki, text: str, other: dict[str, str]
) -> None:
    with ScriptedServer(text, pki, strict=False) as server:
        first, second = job(server, pki), job(server, pki, name="two", **other)  # type: ignore[arg-type]  # of mixed types
        report = together([first, second], 1)
        assert logins(server) == 2
    assert not any("held" in step(each, "auth.login").facts for each in report.targets)


def test_a_login_that_is_accepted_may_be_repeated(pki: TestPki) -> None:
    with ScriptedServer("!: include good.smtp", pki) as server:
        report = together([job(server, pki, name=str(n)) for n in range(3)])
    assert report.exit_code == 0
    assert logins(server) == 3


def test_whoever_waits_for_the_same_login_waits_within_the_deadline(pki: TestPki) -> None:
    text = "!: include parts/starttls.smtp\nC: AUTH\n!: hang\n"
    with ScriptedServer(text, pki, strict=False) as server:
        slow = job(server, pki, server={"timeout": 5.0})
        slow = replace(slow, plan=Plan(deadline=1.0, experiments=False))
        began = time.monotonic()
        report = together([slow, replace(slow, target="two")])
        assert time.monotonic() - began < 2.5
    assert report.exit_code == 13


def test_a_command_that_gives_no_password_does_not_outlast_the_deadline(pki: TestPki) -> None:
    with ScriptedServer("!: include parts/starttls.smtp", pki, strict=False) as server:
        slow = job(server, pki)
        command = SecretRef(SecretSource.COMMAND, argv=("sleep", "20"))
        profile = slow.loaded.profile
        profile = replace(profile, auth=replace(profile.auth, password=command))
        slow = replace(slow, loaded=replace(slow.loaded, profile=profile))
        began = time.monotonic()
        report = together([replace(slow, plan=Plan(deadline=0.8, experiments=False))])
        assert time.monotonic() - began < 2
    assert report.exit_code == 13
    assert "AUTH" not in server.connection.verbs()


def test_a_disabled_target_is_skipped_and_counts_as_passed(pki: TestPki) -> None:
    with ScriptedServer("!: include good.smtp", pki) as server:
        off = job(server, pki, name="off", enabled=False)
        alone = together([off])
        both = together([off, job(server, pki)])
        assert len(server.connections) == 1
    assert (alone.outcome, alone.exit_code) == ("skipped", 0)
    assert (both.outcome, both.exit_code) == ("passed", 0)
    assert [each.outcome for each in both.targets] == ["skipped", "passed"]


def test_what_cannot_be_done_is_said_with_its_target_before_anything_is_sent(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.wire.ntlm.find_spec", lambda _name: None)
    with ScriptedServer("!: include good.smtp", pki) as server:
        good = job(server, pki)
        bad = job(server, pki, name="the-bad-one", auth={"method": "ntlm"})
        with pytest.raises(UsageError, match=r"the-bad-one: .*ntlm") as caught:
            together([good, bad])
    assert caught.value.help == ("pip install 'smtpcheck[ntlm]'",)
    assert server.connections == []


def test_the_common_code_of_all_failures_is_the_runs(pki: TestPki) -> None:
    with (
        ScriptedServer(REFUSES, pki, strict=False) as refuses,
        ScriptedServer("S: 554 no", pki, strict=False) as rejects,
        ScriptedServer("!: include good.smtp", pki) as good,
    ):
        same = together([job(refuses, pki), job(good, pki, name="two", password="right")])
        mixed = together([job(refuses, pki), job(rejects, pki, name="two")])
    assert (same.exit_code, mixed.exit_code) == (13, 1)


def test_a_server_without_a_profile_is_probed_up_to_ehlo() -> None:
    assert load_target("127.0.0.1:2525", environment={}).plan.until == "ehlo"
    assert load_target("127.0.0.1:2525", plan=Plan(until="tcp"), environment={}).plan.until == "tcp"
    assert load_target("submission://a%40b.test@127.0.0.1", environment={}).plan.until == ""


@pytest.mark.parametrize(
    ("target", "security"),
    [
        ("tls://127.0.0.1:2525", "starttls"),
        ("ssl://127.0.0.1:465", "tls"),
        ("127.0.0.1:24", "none"),
    ],
)
def test_a_scheme_that_asks_for_tls_is_kept_with_lmtp(target: str, security: str) -> None:
    job = load_target(target, overrides={"server.protocol": "lmtp"}, environment={})
    assert job.loaded.profile.security == security


def test_another_try_is_made_with_the_settings_of_this_one() -> None:
    plan = Plan(until="tcp", recipients=("b@x.test",), resolver="127.0.0.1:1", experiments=False)
    job = load_target("127.0.0.1:1", plan=plan, overrides={"server.helo": "a.test"}, environment={})
    report = report_of(datetime.now(UTC), [probe(job)])
    again = "127.0.0.1:1 --set server.helo=a.test --to b@x.test --resolver 127.0.0.1:1"
    text = "".join(render_text(report, Style(width=200, color=False, unicode=True)))
    assert f"  try: smtpcheck probe {again} --no-experiments --until tcp\n" in text
    steps = [step for each in report.targets[0].diagnoses for step in each.help]
    assert not [step for step in steps if "profile set" in step], "there is no profile"


def test_recipients_that_a_probe_without_a_login_does_not_reach_are_told() -> None:
    job = load_target("mail.example.com:587", plan=Plan(recipients=("b@example.com",)))
    assert job.plan.until == "ehlo"
    assert any("no message is sent" in note for note in job.notes)
    assert not load_target("mail.example.com:587").notes
