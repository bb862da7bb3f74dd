"""The wrong kind of proxy, or no proxy at all: what listens there is found out and named."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.probe import proxy_talk
from tests.pki import TestPki
from tests.scripted.probing import cause, failed_step, passed, run, shown, step
from tests.scripted.proxies import Client, Play, ScriptedProxy, http, silent, socks5
from tests.scripted.server import ScriptedServer

CANARY = "canary-Pr0xy"
GOOD = "S: 220 mail.example.test\nC: EHLO\nS: 250 mail.example.test"
LOGIN: dict[str, Any] = {"username": "me", "password": {"env": "TEST_PROXY_PASSWORD"}}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_talk, "PATIENCE", 0.2)
    monkeypatch.setenv("TEST_PROXY_PASSWORD", CANARY)


def probe(
    pki: TestPki,
    port: int,
    kind: str,
    *,
    experiments: bool = True,
    server_port: int = 587,
    plan: Plan | None = None,
    **table: Any,
) -> TargetReport:
    proxy: Mapping[str, Any] = {"type": kind, "host": "127.0.0.1", "port": port, **table}
    settings = {"proxy": proxy, "server": {"security": "none", "timeout": 4.0}}
    return run(server_port, pki, settings=settings, plan=plan, login=False, experiments=experiments)


def told(report: TargetReport) -> str:
    """The whole of the first diagnosis."""
    assert (report.exit_code, failed_step(report)) == (11, "tcp.proxy"), shown(report)
    first = report.diagnoses[0]
    return " ".join((first.why, *first.help))


def refusing(line: bytes) -> Play:
    """An HTTP proxy that waits for the end of a head, and then answers so."""
    return http(1, answer=b"HTTP/1.1 " + line + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("kind", ["socks4", "socks4a", "socks5"])
def test_socks_spoken_to_a_web_proxy_is_found_out_before_the_time_is_over(
    pki: TestPki, kind: str
) -> None:
    with ScriptedProxy(refusing(b"400 Bad Request")) as met:
        report = probe(pki, met.port, kind)
    assert (cause(report), step(report, "tcp.proxy").facts["speaks"]) == (
        "proxy-unreachable",
        "http",
    )
    assert "proxy.type=http" in told(report)
    assert len(met.said) == 2
    assert bytes(met.said[1]).startswith(b"OPTIONS * ")


def hanging_up(client: Client) -> None:
    """A SOCKS 5 proxy that ends the connection at the first octet that is not its own, as Dante."""
    if client.read(1) == b"\5":
        client.read(2)
        client.say(b"\5\0")


def waits_for_socks5(client: Client) -> None:
    """Says nothing to anything else."""
    if client.read(1) != b"\5":
        client.hang()
    client.read(2)
    client.say(b"\5\0")


@pytest.mark.parametrize("kind", ["http", "socks4"])
@pytest.mark.parametrize("play", [hanging_up, waits_for_socks5])
def test_another_kind_spoken_to_a_socks5_proxy_is_named(
    pki: TestPki, kind: str, play: Play
) -> None:
    with ScriptedProxy(play) as met:
        report = probe(pki, met.port, kind)
    assert step(report, "tcp.proxy").facts["speaks"] == "socks5"
    assert "proxy.type=socks5" in told(report)


@pytest.mark.parametrize("kind", ["http", "socks4", "socks5"])
def test_a_mail_server_in_the_place_of_a_proxy_is_named(pki: TestPki, kind: str) -> None:
    with ScriptedServer(GOOD, pki, strict=False) as server:
        report = probe(pki, server.port, kind)
    assert step(report, "tcp.proxy").facts["speaks"] == "smtp"
    words = told(report)
    assert "answers a mail server, and no proxy" in words


@pytest.mark.parametrize("kind", ["http", "socks4", "socks5"])
def test_a_proxy_within_tls_is_named(pki: TestPki, kind: str) -> None:
    def wants_tls(client: Client) -> None:
        """Says nothing to what is no ClientHello, and a fatal alert to one."""
        if client.read(1) == b"\x16":
            client.say(b"\x15\3\3\0\2\2\x28")
        client.hang()

    with ScriptedProxy(wants_tls) as met:
        report = probe(pki, met.port, kind)
    assert step(report, "tcp.proxy").facts["speaks"] == "tls"
    assert "wants TLS at once" in told(report)
    assert len(met.said) <= 4


@pytest.mark.parametrize("kind", ["http", "socks4", "socks5"])
def test_what_is_asked_holds_no_login_and_names_no_server(pki: TestPki, kind: str) -> None:
    login = {**LOGIN} if kind in ("http", "socks5") else {}
    with ScriptedProxy(silent) as met:
        report = probe(pki, met.port, kind, plan=Plan(deadline=3.0), **login)
    assert report.exit_code == 11
    asked = [bytes(each) for each in met.said[1:]]
    assert len(met.said) >= 2
    assert not [each for each in asked if b"Authorization" in each or b"127.0.0.1" in each]
    assert CANARY not in shown(report)


def test_without_experiments_nothing_more_is_asked(pki: TestPki) -> None:
    with ScriptedProxy(refusing(b"400 Bad Request")) as met:
        report = probe(pki, met.port, "socks5", experiments=False, plan=Plan(deadline=8.0))
    assert cause(report) == "proxy-timeout"
    assert "is no SOCKS proxy" in told(report)
    assert len(met.said) == 1


def test_a_slow_proxy_is_waited_for_all_the_same(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its patience is over before the proxy speaks; what is asked meanwhile finds nothing."""
    asked = threading.Event()

    def finds_nothing(*_: object, **__: object) -> str:
        asked.set()
        return ""

    monkeypatch.setattr("smtpcheck.probe.proxy_step.look", finds_nothing)
    with ScriptedServer(GOOD, pki) as server:
        honest = socks5(server.port)

        def slow(client: Client) -> None:
            asked.wait(8.0)
            honest(client)

        with ScriptedProxy(slow) as met:
            plan = Plan(until="ehlo", deadline=10.0)
            report = probe(pki, met.port, "socks5", server_port=server.port, plan=plan)
    assert passed(report), shown(report)
    assert asked.is_set()


OFFERS = [
    ([b'Digest realm="a, Basic b", qop="auth", nonce="x"'], ["Digest"]),
    ([b"Negotiate"], ["Negotiate"]),
    ([b'Bearer realm="x"', b"negotiate", b"Kerberos"], ["Bearer", "Negotiate", "Kerberos"]),
]


@pytest.mark.parametrize(("lines", "offered"), OFFERS)
@pytest.mark.parametrize("login", [{}, LOGIN, {**LOGIN, "domain": "CORP"}])
def test_a_proxy_that_offers_no_login_that_is_spoken_is_told_so(
    pki: TestPki, lines: list[bytes], offered: list[str], login: dict[str, Any]
) -> None:
    head = b"407 Who" + b"".join(b"\r\nProxy-Authenticate: " + each for each in lines)
    with ScriptedProxy(refusing(head)) as met:
        report = probe(pki, met.port, "http", **login)
    facts = step(report, "tcp.proxy").facts
    assert isinstance(facts["error"], dict)
    assert (cause(report), facts["error"]["kind"]) == ("proxy-auth-required", "auth-unsupported")
    assert facts["offered"] == offered
    words = told(report)
    assert ", ".join(offered) in words
    assert "Basic and NTLM" in words
    assert "give name and password" not in words
    assert report.diagnoses[0].owner == "network-admin"
    assert len(met.said) == 1


def test_several_schemes_in_one_line_are_all_seen(pki: TestPki) -> None:
    line = b'407 Who\r\nProxy-Authenticate: Digest realm = "x", nonce=y, basic realm="z", NTLM'
    with ScriptedProxy(refusing(line)) as met:
        report = probe(pki, met.port, "http")
    assert step(report, "tcp.proxy").facts["offered"] == ["Digest", "Basic", "NTLM"]
    assert "give name and password" in told(report)


def test_ntlm_to_a_proxy_that_offers_basic_is_told_to_leave_the_domain_out(pki: TestPki) -> None:
    line = b'407 Who\r\nProxy-Authenticate: Basic realm="z"'
    with ScriptedProxy(refusing(line)) as met:
        report = probe(pki, met.port, "http", **LOGIN, domain="CORP")
    assert "leave the domain out" in told(report)


def test_a_socks5_proxy_that_takes_neither_login_is_told_so(pki: TestPki) -> None:
    def gssapi_alone(client: Client) -> None:
        client.read(client.read(2)[1])
        client.say(b"\5\xff")

    with ScriptedProxy(gssapi_alone) as met:
        report = probe(pki, met.port, "socks5", **LOGIN)
    assert cause(report) == "proxy-auth-required"
    assert "give name and password" not in told(report)
    assert CANARY.encode() not in met.received
