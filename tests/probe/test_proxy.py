"""The way through a proxy, on real sockets: honest proxies, broken ones, hostile ones."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from tests.pki import TestPki
from tests.probe.dns_server import serving, zone
from tests.scripted.probing import (
    PASSWORD,
    cause,
    failed_step,
    passed,
    run,
    shown,
    step,
    taken,
)
from tests.scripted.proxies import (
    Client,
    Play,
    ScriptedProxy,
    after_hello,
    http,
    silent,
    socks4,
    socks5,
)
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

NAME = "only-the-proxy-knows.example.test"
CANARY = "canary-Pr0xy"
LOGIN = f"me:{CANARY}".encode()


def probe(
    pki: TestPki,
    port: int,
    kind: str,
    *,
    server_port: int = 587,
    plan: Plan | None = None,
    login: bool = True,
    experiments: bool = False,
    **settings: Mapping[str, Any],
) -> TargetReport:
    table = {"type": kind, "host": "127.0.0.1", "port": port, **settings.pop("proxy", {})}
    tables = {"proxy": table, **settings}
    tables["server"] = {"timeout": 2.0, **tables.get("server", {})}
    return run(server_port, pki, settings=tables, plan=plan, login=login, experiments=experiments)


KINDS: dict[str, Callable[[int], Play]] = {
    "socks4": socks4,
    "socks4a": socks4,
    "socks5": socks5,
    "http": http,
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_five_stages_pass_through_every_kind_of_proxy(pki: TestPki, kind: str) -> None:
    with (
        ScriptedServer(read_script("good"), pki) as server,
        ScriptedProxy(KINDS[kind](server.port)) as met,
    ):
        report = probe(pki, met.port, kind, server_port=server.port)
        assert passed(report), shown(report)
    assert "tcp.proxy:passed" in taken(report)
    assert not [each for each in taken(report) if each.startswith("tcp.connect")]
    facts = step(report, "tcp.proxy").facts
    assert (facts["type"], facts["resolved_by"], facts["asked_for"]) == (
        kind,
        "literal",
        "127.0.0.1",
    )
    assert PASSWORD.encode() not in met.received


@pytest.mark.parametrize("kind", ["socks4a", "socks5", "http"])
def test_a_name_that_only_the_proxy_can_resolve_is_a_warning_of_dns(
    pki: TestPki, kind: str
) -> None:
    with (
        ScriptedServer(read_script("good"), pki) as server,
        ScriptedProxy(KINDS[kind](server.port)) as met,
    ):
        report = probe(pki, met.port, kind, server_port=server.port, server={"host": NAME})
        assert passed(report), shown(report)
    assert report.observations.stages[0].outcome is Outcome.WARNED
    assert step(report, "tcp.proxy").facts["resolved_by"] == "proxy"
    assert NAME.encode() in met.received


def test_socks4_needs_a_local_address_and_is_given_an_ipv4_one(pki: TestPki) -> None:
    records = [f"{NAME}. 60 IN A 127.0.0.1", f"{NAME}. 60 IN AAAA ::1"]
    with (
        ScriptedServer(read_script("good"), pki) as server,
        ScriptedProxy(socks4(server.port)) as met,
        serving(zone(records)) as resolver,
    ):
        plan = Plan(resolver=resolver.where, deadline=10.0)
        report = probe(
            pki, met.port, "socks4", server_port=server.port, server={"host": NAME}, plan=plan
        )
        assert passed(report), shown(report)
    assert step(report, "tcp.proxy").facts["resolved_by"] == "local"
    assert NAME.encode() not in met.received


def test_without_a_local_address_socks4_fails_in_dns(pki: TestPki) -> None:
    with ScriptedProxy(socks4(1)) as met:
        report = probe(pki, met.port, "socks4", server={"host": NAME})
    assert report.exit_code == 10
    assert met.said == []


@pytest.mark.parametrize(("family", "address"), [("ipv4", "127.0.0.1"), ("ipv6", "::1")])
def test_an_address_family_is_kept_by_giving_the_proxy_an_address(
    pki: TestPki, family: str, address: str
) -> None:
    records = [f"{NAME}. 60 IN A 127.0.0.1", f"{NAME}. 60 IN AAAA ::1"]
    with (
        ScriptedServer(read_script("good"), pki) as server,
        ScriptedProxy(socks5(server.port)) as met,
        serving(zone(records)) as resolver,
    ):
        report = probe(
            pki,
            met.port,
            "socks5",
            server_port=server.port,
            server={"host": NAME, "address_family": family},
            plan=Plan(resolver=resolver.where, deadline=10.0),
        )
        assert passed(report), shown(report)
    assert step(report, "tcp.proxy").facts["asked_for"] == address


def test_each_address_is_tried_where_the_proxy_cannot_reach_one(pki: TestPki) -> None:
    asked: list[bytes] = []

    def second_time_lucky(client: Client) -> None:
        client.read(3)
        client.say(b"\5\0")
        request = client.read(10)
        asked.append(request[4:8])
        good = len(asked) == 2
        client.say(bytes([5, 0 if good else 4, 0, 1]) + bytes(6))
        if good:
            client.lead_to(server.port)

    records = [f"{NAME}. 60 IN A 127.0.0.1", f"{NAME}. 60 IN A 127.0.0.2"]
    with (
        ScriptedServer(read_script("good"), pki) as server,
        ScriptedProxy(second_time_lucky) as met,
        serving(zone(records)) as resolver,
    ):
        report = probe(
            pki,
            met.port,
            "socks5",
            server={"host": NAME},
            plan=Plan(resolver=resolver.where, deadline=10.0),
        )
        assert passed(report), shown(report)
    assert sorted(asked) == [b"\x7f\0\0\1", b"\x7f\0\0\2"]
    attempts = step(report, "tcp.proxy").facts["attempts"]
    assert isinstance(attempts, list)
    assert [each["outcome"] for each in attempts] == ["target-unreachable", "connected"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_what_the_proxy_sends_behind_its_word_is_the_servers_greeting(
    pki: TestPki, security: str
) -> None:
    eager = security == "starttls"  # with implicit TLS the server says nothing by itself
    text = (
        "!: tls good\nS: 220 mail.example.test\nC: EHLO\nS: 250 mail.example.test"
        if security == "tls"
        else "!: include parts/starttls.smtp"
    )
    with (
        ScriptedServer(text, pki, strict=False) as server,
        ScriptedProxy(http(server.port, eager=eager)) as met,
    ):
        report = probe(
            pki,
            met.port,
            "http",
            server_port=server.port,
            server={"security": security},
            plan=Plan(until="ehlo", deadline=10.0),
        )
        assert passed(report), shown(report)


WITH_LOGIN = {"username": "me", "password": {"env": "TEST_PROXY_PASSWORD"}}


def basic(port: int) -> Play:
    wanted = b"Basic " + base64.b64encode(LOGIN)

    def play(client: Client) -> None:
        if wanted in client.head():
            client.say(b"HTTP/1.1 200 OK\r\n\r\n")
            client.lead_to(port)
            return
        head = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
        client.say(head)

    return play


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_the_proxy_is_logged_in_to_and_its_password_is_shown_nowhere(
    pki: TestPki, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PROXY_PASSWORD", CANARY)
    with ScriptedServer(read_script("good"), pki) as server:
        play = socks5(server.port, login=LOGIN) if kind == "socks5" else basic(server.port)
        with ScriptedProxy(play) as met:
            report = probe(pki, met.port, kind, server_port=server.port, proxy=WITH_LOGIN)
            assert passed(report), shown(report)
    assert step(report, "tcp.proxy").facts["login"] in ("password", "basic")
    for form in (
        CANARY,
        base64.b64encode(LOGIN).decode(),
        base64.b64encode(CANARY.encode()).decode(),
    ):
        assert form not in shown(report)
    # On loopback nobody listens in.
    assert not [note for note in report.notes if "in clear" in note]


@pytest.mark.parametrize("kind", ["socks5", "http"])
@pytest.mark.parametrize("word", ["", "wrong"])
def test_a_login_that_is_missing_or_wrong_is_told_and_tried_once(
    pki: TestPki, kind: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PROXY_PASSWORD", word)
    play = socks5(1, login=LOGIN) if kind == "socks5" else basic(1)
    with ScriptedProxy(play) as met:
        table = WITH_LOGIN if word else {}
        report = probe(pki, met.port, kind, proxy=table, experiments=True)
    assert (report.exit_code, failed_step(report)) == (11, "tcp.proxy")
    assert cause(report) == "proxy-auth-required"
    assert len(met.said) == 1


def test_a_password_that_cannot_be_read_is_told_before_anything_is_said(pki: TestPki) -> None:
    with ScriptedProxy(socks5(1, login=LOGIN)) as met:
        report = probe(pki, met.port, "socks5", proxy=WITH_LOGIN)
    assert (report.exit_code, cause(report)) == (11, "proxy-auth-required")
    assert met.said == []
    assert "TEST_PROXY_PASSWORD" in shown(report)


def test_a_proxy_that_is_not_there_is_no_refusal_of_the_server(pki: TestPki) -> None:
    with ScriptedProxy(silent) as met:
        pass
    report = probe(pki, met.port, "socks5", experiments=True)
    assert (report.exit_code, cause(report)) == (11, "proxy-unreachable")
    assert report.observations.experiments == ()


def test_a_proxy_whose_name_does_not_exist_is_told_so(pki: TestPki) -> None:
    report = probe(pki, 1080, "socks5", proxy={"host": "proxy.invalid"})
    assert (report.exit_code, cause(report)) == (11, "proxy-unreachable")
    error = step(report, "tcp.proxy").facts["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "not-found"


def test_the_deadline_of_the_run_bounds_the_conversation_with_a_proxy(pki: TestPki) -> None:
    with ScriptedProxy(after_hello(silent)) as met:
        report = probe(pki, met.port, "socks5", server={"timeout": 30.0}, plan=Plan(deadline=0.5))
    assert (report.exit_code, cause(report)) == (11, "run-deadline-reached")
    advice = " ".join(report.diagnoses[0].help)
    assert f"smtpcheck probe {report.target} --deadline" in advice
    error = step(report, "tcp.proxy").facts["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "deadline"


def test_the_source_address_is_that_of_the_connection_to_the_proxy(pki: TestPki) -> None:
    with (
        ScriptedServer(read_script("good"), pki) as server,
        ScriptedProxy(socks5(server.port)) as met,
    ):
        report = probe(
            pki,
            met.port,
            "socks5",
            server_port=server.port,
            server={"source_address": "127.0.0.7"},
        )
        assert passed(report), shown(report)
    assert step(report, "tcp.proxy").facts["local"] == "127.0.0.7"
    report = probe(pki, met.port, "socks5", server={"source_address": "192.0.2.1"})
    assert (report.exit_code, cause(report)) == (11, "tcp-source-address-unusable")


def test_experiments_go_through_the_proxy_and_never_around_it(pki: TestPki) -> None:
    """The server greets with nothing; what is tried then comes from the proxy alone."""
    with (
        ScriptedServer("!: close", pki, strict=False) as server,
        ScriptedProxy(socks5(server.port)) as met,
    ):
        report = probe(
            pki, met.port, "socks5", server_port=server.port, login=False, experiments=True
        )
    assert report.exit_code == 11
    made = report.observations.experiments
    assert {"port-465", "mode-tls"} <= {each.name for each in made}
    assert len(met.said) == len(server.connections) == 1 + len(made)


def test_no_experiment_logs_in_to_a_proxy(pki: TestPki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PROXY_PASSWORD", CANARY)
    with (
        ScriptedServer("!: close", pki, strict=False) as server,
        ScriptedProxy(socks5(server.port, login=LOGIN)) as met,
    ):
        report = probe(
            pki, met.port, "socks5", server_port=server.port, proxy=WITH_LOGIN, experiments=True
        )
    assert report.observations.experiments == ()
    assert len(met.said) == 1


def test_a_lost_pipeline_is_held_again_through_the_proxy(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.send_steps.PIPELINE_PATIENCE", 0.5)
    with (
        ScriptedServer(read_script("eats-pipelined"), pki, strict=False) as server,
        ScriptedProxy(socks5(server.port)) as met,
    ):
        report = probe(pki, met.port, "socks5", server_port=server.port, server={"timeout": 10.0})
        assert passed(report), shown(report)
    assert len(met.said) == len(server.connections) == 2
