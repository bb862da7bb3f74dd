"""Servers that other tools stumble over: every one of these must work, and none may hang."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Callable

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.pki import TestPki
from tests.probe.dns_server import serving, zone
from tests.scripted.probing import (
    RECIPIENT,
    USERNAME,
    assert_confined,
    cause,
    failed_step,
    passed,
    run,
    shown,
    step,
    taken,
)
from tests.scripted.script import parse_script, read_script
from tests.scripted.server import ScriptedServer

GOOD_IN_THE_END = [
    "good",
    "lower-case-keywords",
    "auth-equals",
    "bare-codes",
    "ten-line-greeting",
    "bare-lf",
    "no-pipelining",
    "slow-greeting",
    "plain-504",
    "login-odd-prompts",
    "drip",
    "quit-close",
    "quit-reset",
    "accepted-close",
    "accepted-reset",
]


def timed(take: Callable[[], TargetReport]) -> tuple[TargetReport, float]:
    began = time.monotonic()
    return take(), time.monotonic() - began


@pytest.mark.parametrize("name", GOOD_IN_THE_END)
def test_the_message_is_accepted(pki: TestPki, name: str) -> None:
    with ScriptedServer(read_script(name), pki) as server:
        report = run(server.port, pki)
        assert passed(report), shown(report)
    (body,) = server.connection.bodies
    assert body.endswith(b"\r\n.\r\n")
    assert f"To: {RECIPIENT}".encode() in body
    assert_confined(server, report)


def test_a_server_without_any_extension_takes_mail(pki: TestPki) -> None:
    with ScriptedServer(read_script("bare-ehlo"), pki) as server:
        report = run(server.port, pki, settings={"server": {"security": "none"}}, login=False)
        assert passed(report), shown(report)
    assert len(server.connection.bodies) == 1


def test_nothing_is_pipelined_where_it_is_not_offered(pki: TestPki) -> None:
    with ScriptedServer(read_script("no-pipelining"), pki) as server:
        report = run(server.port, pki)
    assert step(report, "send.mail").facts["pipelined"] is False


def test_envelope_and_message_go_out_in_groups_where_pipelining_is_offered(pki: TestPki) -> None:
    with ScriptedServer(read_script("good"), pki) as server:
        report = run(server.port, pki)
    assert step(report, "send.mail").facts["pipelined"] is True


def test_a_server_that_loses_pipelined_commands_gets_them_one_by_one(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.send_steps.PIPELINE_PATIENCE", 1.0)
    with ScriptedServer(read_script("eats-pipelined"), pki) as server:
        report = run(server.port, pki)
        assert passed(report), shown(report)
    assert len(server.connections) == 2
    assert sum(len(each.bodies) for each in server.connections) == 1
    assert step(report, "send.mail").outcome == "warned"


def test_a_non_ascii_password_is_sent_as_utf8(pki: TestPki) -> None:
    with ScriptedServer(read_script("good"), pki) as server:
        report = run(server.port, pki, password="pässwörd-ключ")
        assert passed(report), shown(report)
    line = next(line for line in server.connection.lines if line.startswith("AUTH PLAIN "))
    sent = base64.b64decode(line.split()[2])
    assert sent == f"\0{USERNAME}\0pässwörd-ключ".encode()


def test_login_follows_a_plain_that_judged_nothing(pki: TestPki) -> None:
    with ScriptedServer(read_script("plain-504"), pki) as server:
        report = run(server.port, pki)
    assert step(report, "auth.login").facts["fallback_from"] == "PLAIN"
    assert server.connection.verbs().count("AUTH") == 2


def test_quit_that_is_never_answered_is_a_warning(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.send_steps.QUIT_PATIENCE", 0.3)
    with ScriptedServer(read_script("quit-hang"), pki) as server:
        report, seconds = timed(
            lambda: run(server.port, pki, settings={"server": {"timeout": 0.5}})
        )
    assert report.exit_code == 0, shown(report)
    assert seconds < 2
    assert step(report, "send.message").facts["queue_id"] == "4F2A1C"


def test_silence_behind_the_final_250_is_no_failure(pki: TestPki) -> None:
    with ScriptedServer(read_script("accepted-hang"), pki) as server:
        report = run(server.port, pki, settings={"server": {"timeout": 0.5}})
    assert report.exit_code == 0, shown(report)


@pytest.mark.parametrize("name", ["dot-close", "dot-reset", "dot-hang"])
def test_after_a_silent_dot_nobody_knows_and_nothing_is_sent_again(pki: TestPki, name: str) -> None:
    with ScriptedServer(read_script(name), pki) as server:
        report, seconds = timed(
            lambda: run(server.port, pki, settings={"server": {"timeout": 0.5}})
        )
    message = step(report, "send.message")
    assert report.exit_code == 14
    assert message.facts["in_doubt"] is True
    assert "unknown whether the message was accepted" in shown(report)
    assert len(server.connections) == 1
    assert seconds < 3


@pytest.mark.parametrize(
    ("text", "security", "failing"),
    [
        ("!: hang", "starttls", "tcp.greeting"),
        ("S: 220 hi\nC: EHLO\n!: hang", "starttls", "tcp.ehlo"),
        ("!: include parts/hello.smtp\nC: STARTTLS\n!: hang", "starttls", "tls.starttls"),
        ("!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: hang", "starttls", None),
        ("!: hang", "tls", "tls.handshake"),
        ("!: tls good\n!: hang", "tls", "tls.greeting"),
        ("!: include parts/starttls.smtp\nC: AUTH\n!: hang", "starttls", "auth.login"),
        ("!: include parts/login.smtp\nC: MAIL\n!: hang", "starttls", "send.mail"),
        ("!: include parts/to-the-dot.smtp\n!: hang", "starttls", "send.message"),
    ],
)
def test_silence_is_waited_for_as_long_as_the_timeout_says(
    pki: TestPki, text: str, security: str, failing: str | None
) -> None:
    settings = {"server": {"timeout": 0.4, "security": security}}
    with ScriptedServer(text, pki) as server:
        report, seconds = timed(lambda: run(server.port, pki, settings=settings))
    assert failed_step(report) == (failing or "tls.handshake"), taken(report)
    assert 0.35 < seconds < 2.5
    assert report.exit_code in (11, 12, 13, 14)


@pytest.mark.parametrize(
    "text",
    [
        "!: drip 0.1\nS: 220 a very slow greeting that goes on and on",
        "!: flood 1000000",
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: drip 0.1\n"
        "S: \\x16\\x03\\x03\\x40\\x00" + "x" * 100,
        "!: tls good\n!: drip 0.1\nS: 220 a very slow greeting within TLS that goes on and on",
    ],
)
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_deadline_of_the_run_is_never_passed(pki: TestPki, text: str, security: str) -> None:
    settings = {"server": {"timeout": 0.6, "security": security}}
    with ScriptedServer(text, pki, strict=False) as server:
        report, seconds = timed(
            lambda: run(server.port, pki, settings=settings, plan=Plan(deadline=1.0))
        )
    assert seconds < 1.5
    assert report.exit_code in (11, 12)


def test_a_connection_that_is_never_accepted_ends_in_time(pki: TestPki) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        filling = [socket.socket() for _ in range(4)]
        for each in filling:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        report, seconds = timed(
            lambda: run(port, pki, settings={"server": {"timeout": 0.5}}, plan=Plan(deadline=2.0))
        )
        for each in filling:
            each.close()
    assert failed_step(report) == "tcp.connect"
    assert report.exit_code == 11
    assert seconds < 2.3


@pytest.mark.parametrize("alive", ["127.0.0.1", "::1"])
def test_one_dead_address_family_does_not_matter(pki: TestPki, alive: str) -> None:
    records = ["mail.example.test. 60 IN A 127.0.0.1", "mail.example.test. 60 IN AAAA ::1"]
    with (
        ScriptedServer(read_script("good"), pki, hosts=(alive,)) as server,
        serving(zone(records)) as resolver,
    ):
        report = run(
            server.port,
            pki,
            settings={"server": {"host": "mail.example.test"}},
            plan=Plan(deadline=10.0, resolver=resolver.where),
        )
        assert passed(report), shown(report)
    attempts = step(report, "tcp.connect").facts["attempts"]
    assert isinstance(attempts, list)
    assert step(report, "tcp.connect").facts["address"] == alive


def test_without_recipients_the_envelope_is_tried_and_taken_back(pki: TestPki) -> None:
    script = parse_script(
        """\
!: include parts/login.smtp
C: MAIL FROM:<alice@example.test>
S: 250 2.1.0 ok
C: RCPT TO:<alice@example.test>
S: 250 2.1.5 ok
C: RSET$
S: 250 2.0.0 ok
C: QUIT$
S: 221 bye
!: close
"""
    )
    with ScriptedServer(script, pki) as server:
        report = run(server.port, pki, settings={"test": {"to": []}})
        assert passed(report), shown(report)
    assert "no message was sent" in shown(report)


def test_a_refusal_is_told_with_the_cause(pki: TestPki) -> None:
    text = (
        "!: include parts/starttls.smtp\nC: AUTH\n"
        "S: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
        "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information."
    )
    with ScriptedServer(text, pki) as server:
        report = run(server.port, pki)
    assert (report.exit_code, cause(report)) == (13, "auth-smtp-disabled")
