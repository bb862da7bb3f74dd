"""`--tls deep` against real TLS servers: what each step sees, and what none of them ever does."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import TLS_DEEP, Outcome
from smtpcheck.probe import tls_deep
from smtpcheck.probe.connect import Peer
from tests.pki import TestPki
from tests.probe.starttls_server import starttls_server
from tests.scripted.probing import cause, failed_step, run, shown, step
from tests.scripted.proxies import ScriptedProxy, socks5
from tests.scripted.server import ScriptedServer

HELLO = """
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 STARTTLS
"""
STARTTLS = f"""{HELLO}
C: STARTTLS
S: 220 go
!: tls {{}}
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: QUIT
S: 221 bye
"""
IMPLICIT = """
!: tls {}
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: QUIT
S: 221 bye
"""
DEEP = Plan(deadline=20.0, until="ehlo", tls="deep")
ALLOW_CLIENT_RENEGOTIATION = 1 << 8
"""OpenSSL's SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which Python does not name."""
HARMLESS = {"EHLO", "STARTTLS", "NOOP", "MAIL", "RSET", "QUIT"}


def look(
    pki: TestPki, tls: str, *, security: str = "starttls", settings: Any = None, plan: Plan = DEEP
) -> TargetReport:
    """A deep run against a server of this kind and these TLS options."""
    script = (STARTTLS if security == "starttls" else IMPLICIT).format(tls)
    tables = {"server": {"security": security}, **(settings or {})}
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings=tables, plan=plan, login=False)
    for connection in server.connections:
        assert set(connection.verbs()) <= HARMLESS, connection.lines
    return report


def facts(report: TargetReport, name: str) -> dict[str, Any]:
    return dict(step(report, name).facts)


def kinds(report: TargetReport, name: str) -> list[str]:
    return [each["kind"] for each in facts(report, name).get("problems", [])]


def causes(report: TargetReport) -> set[str]:
    return {each.cause for each in report.diagnoses}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_sound_server_has_no_weakness_and_is_told_step_by_step(
    pki: TestPki, security: str
) -> None:
    report = look(pki, "good ciphers=DEFAULT", security=security)
    assert (report.exit_code, report.diagnoses) == (0, ())
    assert facts(report, "tls.versions")["versions"] == ["1.2", "1.3"]
    assert facts(report, "tls.versions")["offers"] == "TLS 1.2 and 1.3"
    ciphers = facts(report, "tls.ciphers")
    assert (ciphers["weak"], ciphers["forward_secrecy"]) == ([], "always")
    features = facts(report, "tls.features")
    assert features["secure_renegotiation"] is True
    assert features["extended_master_secret"] is True
    assert features["compression"] is False
    assert features["fallback_signal"] is True
    assert features["downgrade_sentinel"] is True
    assert facts(report, "tls.versions")["not_tested"] == [
        "SSL 2: no server without TLS 1.0 takes it"
    ]
    groups = facts(report, "tls.groups")
    assert (groups["preferred"], groups["preference"]) == ("x25519", "server")
    assert (groups["weak"], groups["unusual"]) == ([], [])
    sessions = facts(report, "tls.sessions")
    assert (sessions["resumed"], sessions["early_data"]) == (True, 0)
    assert sessions["renegotiation"] == "refused"
    assert facts(report, "tls.chains")["kinds"] == ["ecdsa"]
    assert sum(facts(report, name)["connections"] for name in TLS_DEEP) <= 22


def test_a_normal_run_connects_once_and_has_none_of_the_steps(pki: TestPki) -> None:
    with ScriptedServer(STARTTLS.format("good"), pki, strict=False) as server:
        report = run(server.port, pki, plan=Plan(until="ehlo"), login=False)
    assert len(server.connections) == 1
    taken = {each.step for stage in report.observations.stages for each in stage.steps}
    assert not taken & set(TLS_DEEP)


@pytest.mark.parametrize(
    ("options", "versions", "words"),
    [
        ("min=1.0 max=1.2", ["1.0", "1.1", "1.2"], "TLS 1.0, 1.1 and 1.2"),
        ("min=1.1 max=1.3", ["1.1", "1.2", "1.3"], "TLS 1.1, 1.2 and 1.3"),
        ("min=1.3", ["1.3"], "TLS 1.3 only"),
        ("max=1.2", ["1.2"], "TLS 1.2 only"),
    ],
)
def test_all_versions_are_found_whatever_the_library_here_allows(
    pki: TestPki, options: str, versions: list[str], words: str
) -> None:
    report = look(pki, f"good {options}")
    assert facts(report, "tls.versions")["versions"] == versions
    assert step(report, "tls.versions").summary == words
    assert report.exit_code == 0
    old = [each for each in versions if each < "1.2"]
    assert ("tls-legacy-version-offered" in causes(report)) == bool(old)


def test_a_server_that_lets_clients_renegotiate_is_named(pki: TestPki) -> None:
    context = pki.context("good", {"ciphers": "DEFAULT"})
    before = context.options
    context.options |= ALLOW_CLIENT_RENEGOTIATION
    try:
        report = look(pki, "good ciphers=DEFAULT")
    finally:
        context.options = before
    assert facts(report, "tls.sessions")["renegotiation"] == "accepted"
    assert causes(report) == {"tls-client-renegotiation"}
    assert report.exit_code == 0


def test_a_server_that_keeps_no_session_is_told_without_a_warning(pki: TestPki) -> None:
    context = pki.context("good", {"ciphers": "DEFAULT"})
    before, tickets = context.options, context.num_tickets
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    try:
        report = look(pki, "good ciphers=DEFAULT")
    finally:
        context.options, context.num_tickets = before, tickets
    assert facts(report, "tls.sessions")["resumed"] is False
    assert report.diagnoses == ()


def test_a_server_of_tls_1_3_alone_is_looked_at_behind_its_encryption(pki: TestPki) -> None:
    report = look(pki, "good min=1.3")
    features = facts(report, "tls.features")
    assert (features["stapling"], features["must_staple"]) == (False, False)
    assert facts(report, "tls.sessions")["renegotiation"] == "impossible"
    assert facts(report, "tls.issuance")["issuer"] == "smtpcheck tests"
    assert report.diagnoses == ()
    report = look(pki, "good min=1.3 curve=secp384r1")
    assert facts(report, "tls.features")["not_tested"] == ["OCSP stapling: handshake_failure"]


def test_weak_suites_are_named_and_are_warnings_alone(pki: TestPki) -> None:
    weak = "ciphers=NULL-SHA256:AECDH-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    report = look(pki, f"weak-key max=1.2 {weak}", settings={"tls": {"verify": False}})
    assert report.exit_code == 0
    found = {each["weakness"]: each["cipher"] for each in facts(report, "tls.ciphers")["weak"]}
    assert found == {"null": "NULL-SHA256", "anonymous": "AECDH-AES128-SHA"}
    assert {"tls-weak-cipher-offered", "tls-anonymous-cipher-offered"} <= causes(report)
    assert {each.severity.value for each in report.diagnoses} == {"warning"}


def test_a_server_without_forward_secrecy_is_named(pki: TestPki) -> None:
    settings = {"tls": {"verify": False, "min_version": "1.0"}}
    report = look(pki, "weak-key max=1.2 ciphers=AES128-SHA:@SECLEVEL=0", settings=settings)
    assert facts(report, "tls.ciphers")["forward_secrecy"] == "never"
    assert "tls-no-forward-secrecy" in causes(report)


def test_a_small_diffie_hellman_group_is_named(pki: TestPki) -> None:
    settings = {"tls": {"verify": False}}
    ciphers = "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    report = look(pki, f"weak-key max=1.2 ciphers={ciphers} dh=small", settings=settings)
    assert facts(report, "tls.ciphers")["dh_bits"] == 1024
    told = next(each for each in report.diagnoses if each.cause == "tls-dh-key-too-small")
    assert (told.severity.value, report.exit_code) == ("warning", 0)
    assert "1024 bits" in told.why


def test_signatures_by_sha_1_are_named(pki: TestPki) -> None:
    assert "tls-sha1-signature" in causes(look(pki, "good max=1.2"))
    assert "tls-sha1-signature" not in causes(look(pki, "good max=1.2 ciphers=DEFAULT"))


def test_the_server_that_keeps_to_the_client_s_order_is_told_from_one_that_does_not(
    pki: TestPki,
) -> None:
    report = look(pki, "good max=1.2 ciphers=DEFAULT")
    context = pki.context("good", {"max": "1.2", "ciphers": "DEFAULT"})
    assert facts(report, "tls.ciphers")["preference"] == "server"
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        report = look(pki, "good max=1.2 ciphers=DEFAULT")
    finally:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    assert facts(report, "tls.ciphers")["preference"] == "client"


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("discards", "discarded"),
        ("refuses", "refused"),
        ("answers-in-clear", "answered-in-clear"),
        ("answers-late", "answered-in-clear"),
        ("carries-in", "carried-into-tls"),
    ],
)
def test_a_command_behind_starttls_is_seen_to_be_discarded_or_carried_in(
    pki: TestPki, way: str, told: str
) -> None:
    with starttls_server(pki.context("good", {"ciphers": "DEFAULT"}), way) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert facts(report, "tls.commands")["injection"] == told
    assert ("starttls-command-injection" in causes(report)) == (way == "carries-in")
    assert report.exit_code == 0
    assert {line.removeprefix("TLS ").split(" ")[0] for line in server.said} <= HARMLESS


def test_what_a_server_takes_without_tls_is_told(pki: TestPki) -> None:
    context = pki.context("good", {"ciphers": "DEFAULT"})
    with starttls_server(context, auth=True, mail="250 2.1.0 Ok") as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    told = facts(report, "tls.commands")
    assert told["auth_in_clear"] == ["PLAIN", "LOGIN"]
    assert told["mail_in_clear"]["code"] == 250
    assert "auth-offered-in-clear" in causes(report)
    with starttls_server(context) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert facts(report, "tls.commands")["mail_in_clear"]["code"] == 530
    assert report.diagnoses == ()


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
    text = render_text(report_of(datetime.now(UTC), [report]), style)
    lines: Sequence[str] = text.splitlines()
    assert all(len(line) <= 80 for line in lines)
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
