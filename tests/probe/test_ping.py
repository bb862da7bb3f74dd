"""A ping is a hint: it fails nothing, and says why where it cannot be sent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from tests.pki import TestPki
from tests.scripted.probing import passed, run, shown, step, taken
from tests.scripted.proxies import ScriptedProxy, socks5
from tests.scripted.server import ScriptedServer

icmplib = pytest.importorskip("icmplib")
GOOD = "S: 220 mail.example.test\nC: EHLO\nS: 250 mail.example.test"


def probe(pki: TestPki, **settings: Any) -> TargetReport:
    with ScriptedServer(GOOD, pki) as server:
        tables = {**settings, "server": {"security": "none", **settings.get("server", {})}}
        plan = Plan(until="ehlo", deadline=10.0, ping=True)
        return run(server.port, pki, settings=tables, plan=plan, login=False)


def answering(monkeypatch: pytest.MonkeyPatch, received: int, sent: int = 2) -> list[Any]:
    asked: list[Any] = []

    def ping(address: str, **how: Any) -> SimpleNamespace:
        asked.append((address, how))
        return SimpleNamespace(
            is_alive=received > 0, packets_sent=sent, packets_received=received, avg_rtt=1.25
        )

    monkeypatch.setattr(icmplib, "ping", ping)
    return asked


def test_an_answer_is_told_with_its_time(pki: TestPki, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 2)
    report = probe(pki, server={"source_address": "127.0.0.5"})
    assert passed(report), shown(report)
    facts = step(report, "tcp.ping").facts
    assert (facts["received"], facts["rtt_ms"]) == (2, 1.25)
    [(address, how)] = asked
    assert (address, how["privileged"], how["source"]) == ("127.0.0.1", False, "127.0.0.5")
    assert taken(report).index("tcp.ping:passed") < taken(report).index("tcp.connect:passed")


def test_no_answer_is_neither_a_failure_nor_a_warning(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, 0)
    report = probe(pki)
    assert passed(report), shown(report)
    assert report.observations.stages[1].outcome is Outcome.PASSED
    assert report.diagnoses == ()
    assert "many mail servers do not" in step(report, "tcp.ping").summary


def test_where_nothing_could_be_sent_the_step_is_skipped(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, 0, sent=0)
    assert step(probe(pki), "tcp.ping").outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (icmplib.SocketPermissionError(privileged=False), "does not allow it to ordinary users"),
        (icmplib.SocketAddressError("192.0.2.1"), "192.0.2.1"),
        (OSError(101, "Network is unreachable"), "not sent: Network is unreachable"),
    ],
)
def test_what_keeps_it_from_being_sent_is_told_as_what_it_is(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def ping(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(icmplib, "ping", ping)
    report = probe(pki)
    assert passed(report), shown(report)
    assert step(report, "tcp.ping").outcome is Outcome.SKIPPED
    assert words in step(report, "tcp.ping").summary


def test_a_missing_extra_is_named_and_the_run_goes_on(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.ping_step.find_spec", lambda _name: None)
    report = probe(pki)
    assert passed(report), shown(report)
    assert "pip install 'smtpcheck[ping]'" in step(report, "tcp.ping").summary


def test_no_ping_goes_around_a_proxy(pki: TestPki, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 2)
    with ScriptedServer(GOOD, pki) as server, ScriptedProxy(socks5(server.port)) as met:
        report = run(
            server.port,
            pki,
            settings={
                "server": {"security": "none"},
                "proxy": {"type": "socks5", "host": "127.0.0.1", "port": met.port},
            },
            plan=Plan(until="ehlo", deadline=10.0, ping=True),
            login=False,
        )
    assert passed(report), shown(report)
    assert (step(report, "tcp.ping").outcome, asked) == (Outcome.SKIPPED, [])
