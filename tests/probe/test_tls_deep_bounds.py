"""The bounds of `--tls deep`: what it never does, when it ends, what it leaves readable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.stage import TLS_DEEP, Outcome
from smtpcheck.probe import tls_deep
from smtpcheck.probe.connect import Peer
from tests.pki import TestPki
from tests.probe.deep_looking import (
    DEEP,
    HELLO,
    IMPLICIT,
    STARTTLS,
    causes,
    facts,
    look,
)
from tests.probe.starttls_server import starttls_server
from tests.scripted.probing import cause, failed_step, run, shown, step
from tests.scripted.proxies import ScriptedProxy, socks5
from tests.scripted.server import ScriptedServer


def test_no_login_leaves_over_a_further_connection(pki: TestPki) -> None:
    with starttls_server(pki.context("good", {"ciphers": "DEFAULT"})) as server:
        plan = Plan(deadline=20.0, until="auth", tls="deep")
        report = run(server.port, pki, plan=plan)
    assert report.exit_code == 0
    assert [line for line in server.said if "AUTH" in line and not line.startswith("TLS ")] == []
    assert len([line for line in server.said if "AUTH" in line]) == 1


@pytest.mark.parametrize("allowed", [0, 1, 3, 7])
def test_the_first_421_is_the_end(pki: TestPki, allowed: int) -> None:
    good = STARTTLS.format("good")
    parts = [*([good] * (allowed + 1)), "S: 421 4.7.0 too many connections\n!: close"]
    script = "\n=== next\n".join(parts)
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert len(server.connections) == allowed + 2
    assert report.exit_code == 0
    assert "421" in shown(report)
    assert "left alone" in str(facts(report, "tls.commands")["stopped"])
    assert step(report, "tls.chains").outcome is Outcome.SKIPPED


def test_a_421_in_the_place_of_tls_is_the_end_too(pki: TestPki) -> None:
    text = f"{HELLO}\nC: STARTTLS\nS: 220 go\nS: 421 4.3.2 shutting down\n!: close"
    script = f"{STARTTLS.format('good')}\n=== next\n{text}"
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert len(server.connections) == 2
    assert "421" in step(report, "tls.versions").summary


@pytest.mark.parametrize("allowed", [3, 8, 10, 12, 13, 14, 15, 19])
def test_a_421_in_the_place_of_tls_is_heeded_by_every_look(pki: TestPki, allowed: int) -> None:
    good = STARTTLS.format("good ciphers=DEFAULT")
    text = f"{HELLO}\nC: STARTTLS\nS: 220 go\nS: 421 4.3.2 shutting down\n!: close"
    script = "\n=== next\n".join([*([good] * (allowed + 1)), text])
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert len(server.connections) == allowed + 2
    assert report.exit_code == 0
    stopped = str(facts(report, "tls.commands")["stopped"])
    assert "left alone" in stopped or "421 4.3.2" in stopped


def test_a_server_that_said_421_in_the_run_is_not_asked(pki: TestPki) -> None:
    script = STARTTLS.format("good").replace(
        "S: 250-mail.example.test | 250 AUTH PLAIN", "S: 421 4.7.0 go away"
    )
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert len(server.connections) == 1
    assert any("--tls deep was not done" in note for note in report.notes)


def test_the_number_of_connections_is_bounded(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_deep, "MOST_CONNECTIONS", 5)
    report = look(pki, "good")
    assert sum(facts(report, name)["connections"] for name in TLS_DEEP) == 5
    assert "limit of 5 connections" in shown(report)


def test_a_server_that_falls_silent_costs_no_more_than_the_deadline(pki: TestPki) -> None:
    silent = f"{HELLO}\nC: STARTTLS\nS: 220 go\n!: hang"
    script = f"{STARTTLS.format('good')}\n=== next\n{silent}"
    plan = Plan(deadline=1.5, until="ehlo", tls="deep")
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, plan=plan, login=False)
    assert report.exit_code == 0
    assert "no answer about TLS (timeout)" in step(report, "tls.versions").summary


def test_a_server_that_refuses_further_connections_is_left_alone(pki: TestPki) -> None:
    script = f"{STARTTLS.format('good')}\n=== next\n{STARTTLS.format('good')}\n=== next\n!: close"
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert len(server.connections) == 3
    assert report.exit_code == 0
    assert facts(report, "tls.versions")["versions"] == ["1.3"]
    assert "tcp.greeting" in str(facts(report, "tls.commands")["stopped"])


def test_where_nothing_comes_out_about_tls_nothing_more_is_asked(pki: TestPki) -> None:
    refuse = f"{HELLO}\nC: STARTTLS\nS: 220 go\n" + r"!: bytes \x15\x03\x01\0\x02\x02\x28"
    script = f"{STARTTLS.format('good')}\n=== next\n{refuse}\n!: close"
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert len(server.connections) == 3, "once with TLS 1.3 on offer, once without"
    assert all(step(report, name).outcome is Outcome.SKIPPED for name in TLS_DEEP[:4])


@pytest.mark.parametrize("reason", ["no TLS", "not so far", "handshake"])
def test_where_there_is_no_tls_to_look_at_a_note_says_why(pki: TestPki, reason: str) -> None:
    plan = Plan(deadline=10.0, until="tcp", tls="deep") if reason == "not so far" else DEEP
    settings: dict[str, Any] = {"no TLS": {"server": {"security": "none"}}}.get(reason, {})
    if reason == "handshake":
        settings = {"tls": {"ca_file": "/nonexistent"}}
    with ScriptedServer(STARTTLS.format("good"), pki, strict=False) as server:
        report = run(server.port, pki, settings=settings, plan=plan, login=False)
    assert len(server.connections) == 1
    assert any("--tls deep was not done" in note for note in report.notes)


def test_a_certificate_that_is_refused_is_no_reason_not_to_look(pki: TestPki) -> None:
    report = look(pki, "expired min=1.0 max=1.2")
    assert (failed_step(report), cause(report)) == ("tls.handshake", "cert-expired")
    assert facts(report, "tls.versions")["versions"] == ["1.0", "1.1", "1.2"]
    assert "tls-legacy-version-offered" in causes(report)


def test_the_default_certificate_is_compared_with_that_of_the_name(pki: TestPki) -> None:
    context = pki.context("good", {"max": "1.2"})
    other = pki.context("wrong-name", {"max": "1.2"})

    def choose(tls: Any, name: str | None, _context: object) -> None:
        tls.context = context if name else other

    context.sni_callback = choose
    try:
        with starttls_server(context) as server:
            report = run(server.port, pki, plan=DEEP, login=False)
    finally:
        context.sni_callback = None
    told = facts(report, "tls.chains")
    assert (told["without_name"], told["default_names"]) == ("other", ["other.example.test"])


def test_another_address_with_a_bad_certificate_is_named(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ScriptedServer(STARTTLS.format("good"), pki, hosts=("127.0.0.1",), strict=False)
    with first:
        second = ScriptedServer(
            STARTTLS.format("expired"), pki, hosts=("127.0.0.2",), port=first.port, strict=False
        )
        with second:
            _two_addresses(monkeypatch, first.port)
            report = run(first.port, pki, plan=DEEP, login=False)
    assert report.exit_code == 0
    [told] = facts(report, "tls.chains")["addresses"]
    assert (told["address"], told["certificate"]) == ("127.0.0.2", "other")
    found = next(each for each in report.diagnoses if each.cause == "cert-differs-by-client")
    assert "at 127.0.0.2: expired" in found.why


def _two_addresses(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """The run knows a second address, and used the first."""
    look_deeper = tls_deep.look_deeper

    def with_both(run: Any, experiments: Any) -> None:
        run.peers = (*run.peers, Peer("ipv4", "127.0.0.2", port))
        look_deeper(run, experiments)

    monkeypatch.setattr(tls_deep, "look_deeper", with_both)


def test_the_steps_are_readable_at_80_columns(pki: TestPki) -> None:
    from datetime import UTC, datetime

    from smtpcheck.api import report_of
    from smtpcheck.report.style import Style
    from smtpcheck.report.text import render_text

    report = look(pki, "good min=1.0 max=1.2 ciphers=ALL:@SECLEVEL=0")
    style = Style(80, color=False, unicode=True)
    text = "".join(render_text(report_of(datetime.now(UTC), [report]), style))
    lines: Sequence[str] = text.splitlines()
    # A command stays on one row, so that it can be copied.
    assert all(len(line) <= 80 for line in lines if not line.startswith("  try: "))
    assert all(any(line.strip().startswith(name) for line in lines) for name in TLS_DEEP)
    assert "takes anonymous" in text


def test_an_interrupt_keeps_what_was_found_and_what_the_run_was(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    looks = {**tls_deep._LOOKS, "tls.features": interrupt}
    monkeypatch.setattr(tls_deep, "_LOOKS", looks)
    report = look(pki, "good min=1.0 max=1.2")
    assert report.exit_code == 0
    assert step(report, "tls.features").summary == "not made: interrupted"
    assert "tls-legacy-version-offered" in causes(report)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_through_a_proxy_the_same_is_seen_and_nobody_goes_around_it(
    pki: TestPki, security: str
) -> None:
    script = (STARTTLS if security == "starttls" else IMPLICIT).format("")
    with (
        ScriptedServer(script, pki, strict=False) as server,
        ScriptedProxy(socks5(server.port)) as met,
    ):
        settings: dict[str, dict[str, Any]] = {
            "server": {"security": security},
            "proxy": {"type": "socks5", "host": "127.0.0.1", "port": met.port},
        }
        report = run(server.port, pki, settings=settings, plan=DEEP, login=False)
        through = met.received.count(b"\5\1\0\1\x7f\0\0\1")
    assert through == len(server.connections) > 5
    direct = look(pki, "", security=security)
    assert facts(report, "tls.versions") == facts(direct, "tls.versions"), shown(report)
