"""Test 7: a reply that came before its command answers nothing."""

from __future__ import annotations

import pytest

from tests.pki import TestPki
from tests.scripted.probing import (
    PASSWORD,
    assert_confined,
    assert_no_login_and_no_mail,
    cause,
    failed_step,
    forms,
    run,
    shown,
    step,
    taken,
)
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

QUICK = {"server": {"timeout": 0.5}}


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_an_answer_before_ehlo_is_never_paired_with_it(pki: TestPki, security: str) -> None:
    settings = {"server": {"timeout": 0.5, "security": security}}
    with ScriptedServer(read_script("greeting-with-ehlo-reply"), pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert failed_step(report) in ("tcp.greeting", "tcp.ehlo"), taken(report)
    assert report.exit_code == 11
    assert "unsolicited" in shown(report)
    assert cause(report)
    assert step(report, "tcp.ehlo").facts.get("mechanisms") in ([], None)
    assert_no_login_and_no_mail(server, report)


def test_an_answer_before_ehlo_within_implicit_tls_is_not_paired_either(pki: TestPki) -> None:
    text = (
        "!: tls good\nS: 220 mail.example.test | 250-evil | 250 AUTH PLAIN XEVIL\nC: *\nS: 250 ok"
    )
    settings = {"server": {"timeout": 0.5, "security": "tls"}}
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert failed_step(report) in ("tls.greeting", "tls.ehlo"), taken(report)
    assert report.exit_code == 12
    assert_no_login_and_no_mail(server, report)


def test_a_235_before_the_password_ends_the_login(pki: TestPki) -> None:
    with ScriptedServer(read_script("early-235"), pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == "auth.login"
    error = step(report, "auth.login").facts["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "early-reply"
    assert error["message"] == "the login broke off: early-reply"
    assert "MAIL" not in server.connection.verbs()
    for form in forms(PASSWORD):
        assert form.encode() not in server.received


def test_a_235_in_one_packet_with_the_challenge_is_no_login(pki: TestPki) -> None:
    text = (
        "!: include parts/starttls.smtp\nC: AUTH PLAIN\nS: 334 | 235 2.7.0 welcome\nC: *\n"
        "S: 535 5.7.8 wrong\nC: *\nS: 250 ok"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == "auth.login"
    assert "MAIL" not in server.connection.verbs()
    assert_confined(server, report)


def test_a_250_before_the_message_accepts_nothing(pki: TestPki) -> None:
    with ScriptedServer(read_script("early-250-to-message"), pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert report.exit_code == 14
    assert failed_step(report) in ("send.data", "send.message")
    assert "EVIL" in shown(report)
    assert "message accepted" not in shown(report)
    assert_confined(server, report)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("MAIL", "S: 250 2.1.0 ok | 250 2.1.5 ok | 354 go"),
        ("RCPT", "S: 250 ok\nC: RCPT\nS: 250 2.1.5 ok | 354 go"),
    ],
)
def test_answers_that_run_ahead_do_not_carry_a_message(pki: TestPki, at: str, text: str) -> None:
    script = (
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
        "S: 250-mail.example.test | 250 AUTH PLAIN\nC: AUTH PLAIN\nS: 235 ok\n"
        f"C: MAIL\n{text}\nC: *\nS: 550 no\nC: *\nS: 550 no"
    )
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert report.exit_code == 14, at
    assert b"Subject:" not in server.received


def test_a_421_between_commands_is_told_as_what_it_is(pki: TestPki) -> None:
    text = (
        "!: include parts/login.smtp\n!: pause 0\nC: MAIL\nS: 421 4.4.2 idle for too long\n!: close"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert report.exit_code == 75
    assert "421 4.4.2 idle for too long" in shown(report)
