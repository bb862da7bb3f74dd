"""Whole runs against servers that play foul: what is said, how often, and what is claimed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.diagnosis.verdict import verdict
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.plan import Plan
from smtpcheck.model.secret import Secret
from smtpcheck.probe.connect import Race
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.dns_stage import DnsRun, ResolvedAddress
from smtpcheck.probe.recorder import Recorder
from smtpcheck.probe.run import Run
from smtpcheck.probe.runner import run_probe
from smtpcheck.store.profile_reader import profile_from_settings
from tests.pki import TestPki
from tests.scripted.probing import (
    PASSWORD,
    Settings,
    failed_step,
    forms,
    passed,
    run,
    shown,
    step,
    taken,
    with_message,
)
from tests.scripted.server import ScriptedServer

QUICK: Settings = {"server": {"timeout": 0.5}}
CLEAR: Settings = {"server": {"timeout": 0.5, "security": "none"}}
HELLO = "S: 220 mail.example.test ESMTP\nC: EHLO\nS: 250 mail.example.test\n"
PIPELINED = (
    "S: 220 mail.example.test ESMTP\nC: EHLO\nS: 250-mail.example.test | 250 PIPELINING\n"
    "C: MAIL\nC: RCPT\nC: DATA\nS: 250 ok | 250 ok | 354 go\n"
)
ONE_BY_ONE = HELLO + "C: MAIL\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: DATA\nS: 354 go\n"


@pytest.mark.parametrize("start", [PIPELINED, ONE_BY_ONE])
@pytest.mark.parametrize(
    ("end", "doubt"),
    [
        ("!: body\n!: close", True),
        ("!: body\n!: reset", True),
        ("!: body\n!: hang", True),
        ("!: body\nS: 250-ok | 251 other", True),
        ("!: body\nS: no reply at all", True),
        ("!: body\n!: bytes 250 2.0.\n!: close", True),
        ("!: body\nS: 554 5.6.0 no", False),
        ("!: body\nS: 451 4.3.0 later", False),
    ],
)
def test_doubt_is_claimed_where_the_whole_message_left_and_no_answer_can_be_believed(
    pki: TestPki, start: str, end: str, doubt: bool
) -> None:
    with ScriptedServer(start + end, pki, strict=False) as server:
        report = run(server.port, pki, settings=CLEAR, login=False)
    assert failed_step(report) == "send.message", shown(report)
    assert step(report, "send.message").facts["in_doubt"] is doubt
    assert ("unknown whether the message was accepted" in shown(report)) is doubt
    assert report.exit_code == (75 if "S: 451" in end else 14)
    assert len(server.connections) == 1


@pytest.mark.parametrize("start", [PIPELINED, ONE_BY_ONE])
def test_no_message_leaves_behind_an_answer_that_came_too_early(pki: TestPki, start: str) -> None:
    text = start.replace("354 go", "354 go | 250 queued") + "!: gone"
    with ScriptedServer(text, pki) as server:
        report = run(server.port, pki, settings=CLEAR, login=False)
    assert failed_step(report) == "send.message"
    assert step(report, "send.message").facts["in_doubt"] is False
    assert not server.connection.bodies


def test_a_message_that_was_cut_off_on_its_way_was_not_accepted(pki: TestPki) -> None:
    plan = with_message(body="a line of the message\n" * 400_000)
    with ScriptedServer(ONE_BY_ONE + "!: pause 0.1\n!: reset", pki, strict=False) as server:
        report = run(server.port, pki, settings=CLEAR, login=False, plan=plan)
    assert failed_step(report) == "send.message"
    assert step(report, "send.message").facts["in_doubt"] is False
    assert "before the whole message had left: it was not accepted" in shown(report)


@pytest.mark.parametrize("start", [PIPELINED, ONE_BY_ONE])
def test_quit_is_said_once_when_the_message_was_refused(pki: TestPki, start: str) -> None:
    with ScriptedServer(start + "!: body\nS: 554 no\nC: QUIT\nS: 221 bye", pki) as server:
        report = run(server.port, pki, settings=CLEAR, login=False)
    assert failed_step(report) == "send.message"
    assert server.connection.verbs().count("QUIT") == 1
    assert [e.text for e in report.observations.transcript].count("QUIT") == 1


@pytest.mark.parametrize("start", [PIPELINED, ONE_BY_ONE])
def test_a_server_that_hangs_at_quit_is_waited_for_briefly(
    pki: TestPki, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.send_steps.QUIT_PATIENCE", 0.2)
    settings: Settings = {"server": {"timeout": 10.0, "security": "none"}}
    with ScriptedServer(start + "!: body\nS: 250 ok\nC: QUIT\n!: hang", pki) as server:
        began = time.monotonic()
        report = run(server.port, pki, settings=settings, login=False)
        took = time.monotonic() - began
    assert report.exit_code == 0, shown(report)
    assert step(report, "send.quit").outcome == "warned"
    assert took < 2


def test_a_slow_answer_to_a_pipelined_mail_has_the_whole_timeout(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.send_steps.PIPELINE_PATIENCE", 0.1)
    text = PIPELINED.replace("C: DATA\nS:", "C: DATA\n!: pause 0.3\nS:") + "!: body\nS: 250 ok"
    with ScriptedServer(text, pki) as server:
        report = run(server.port, pki, settings=CLEAR, login=False)
    assert passed(report), shown(report)
    assert len(server.connections) == 1


def test_an_empty_message_is_not_delivered_where_mail_was_refused_and_a_recipient_was_not(
    pki: TestPki,
) -> None:
    text = PIPELINED.replace("S: 250 ok | 250 ok", "S: 550 5.7.1 no | 250 ok") + "!: gone"
    with ScriptedServer(text, pki) as server:
        report = run(server.port, pki, settings=CLEAR, login=False)
    assert failed_step(report) == "send.mail"
    assert "." not in server.connection.lines


def test_data_without_a_recipient_is_ended_by_a_dot(pki: TestPki) -> None:
    text = PIPELINED.replace("250 ok | 250 ok", "250 ok | 550 5.1.1 no") + "C: .$\nS: 554 none\n"
    with ScriptedServer(text + "C: QUIT\nS: 221 bye", pki) as server:
        report = run(server.port, pki, settings=CLEAR, login=False)
    assert failed_step(report) == "send.rcpt"
    assert report.exit_code == 14


IN_TLS = "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
LOGGED_IN = "!: include parts/login.smtp\n"


@pytest.mark.parametrize(
    ("text", "failing"),
    [
        ("S: 250 mail.example.test", "tcp.greeting"),
        ("S: 221 bye", "tcp.greeting"),
        ("S: 354 go", "tcp.greeting"),
        ("S: 220 hi\nC: EHLO\nS: 220 mail.example.test ESMTP", "tcp.ehlo"),
        ("S: 220 hi\nC: EHLO\nS: 235 in", "tcp.ehlo"),
        ("S: 220 hi\nC: EHLO\nS: 354 go", "tcp.ehlo"),
        ("S: 220 hi\nC: EHLO\nS: 334 ", "tcp.ehlo"),
        ("!: include parts/hello.smtp\nC: STARTTLS\nS: 250 ok", "tls.starttls"),
        (IN_TLS + "S: 235-mail.example.test | 235 AUTH PLAIN", "tls.ehlo"),
        ("!: include parts/starttls.smtp\nC: AUTH\nS: 220 hi", "auth.login"),
        ("!: include parts/starttls.smtp\nC: AUTH\nS: 250 ok", "auth.login"),
        ("!: include parts/starttls.smtp\nC: AUTH\nS: 354 go", "auth.login"),
        (LOGGED_IN + "C: MAIL\nC: RCPT\nC: DATA\nS: 354 go | 354 go | 354 go", "send.mail"),
        (LOGGED_IN + "C: MAIL\nC: RCPT\nC: DATA\nS: 250 ok | 334 go | 354 go", "send.rcpt"),
        (LOGGED_IN + "C: MAIL\nC: RCPT\nC: DATA\nS: 250 ok | 250 ok | 250 ok", "send.data"),
        (LOGGED_IN + "C: MAIL\nC: RCPT\nC: DATA\nS: 250 ok | 250 ok | 221 ok", "send.data"),
        (LOGGED_IN + "C: MAIL\nC: RCPT\nC: DATA\nS: 250 ok | 250 ok | 235 ok", "send.data"),
    ],
)
def test_a_code_that_belongs_to_another_command_is_no_agreement(
    pki: TestPki, text: str, failing: str
) -> None:
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == failing, taken(report)
    assert not server.connection.bodies
    assert report.exit_code in (11, 12, 13, 14)
    for form in forms(PASSWORD):
        assert form.encode() not in server.plain_received


def test_a_second_greeting_is_not_taken_for_the_answer_to_ehlo(pki: TestPki) -> None:
    text = "S: 220 one\nC: EHLO\nS: 220 two | 250-mail.example.test | 250 AUTH PLAIN\n"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=CLEAR, login=False)
    assert failed_step(report) == "tcp.ehlo"
    assert "MAIL" not in server.connection.verbs()


EATS = """\
!: include parts/starttls.smtp
C: AUTH
S: 235 in
!: eat on
C: MAIL
S: 250 ok
!: hang
"""
AGAIN = "===\n!: include parts/starttls.smtp\nC: AUTH\nS: 235 in\n"


def test_nobody_is_asked_twice_for_the_password(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.send_steps.PIPELINE_PATIENCE", 0.2)
    asked = []

    def ask(question: str) -> str:
        asked.append(question)
        return PASSWORD

    with ScriptedServer(EATS + AGAIN + "!: include parts/envelope.smtp", pki) as server:
        settings = {
            "server": {"host": "127.0.0.1", "port": server.port, "timeout": 1.0},
            "tls": {"ca_file": str(pki.ca_file), "server_name": "mail.example.test"},
            "auth": {"username": "a@example.test", "password": {"prompt": True}},
            "sender": {"address": "a@example.test"},
            "test": {"to": ["self"]},
        }
        job = Job("one", profile_from_settings(settings, environment={}), Plan())
        report = probe(job, ask=ask)
    assert passed(report), shown(report)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("===\nS: 421 too many", "421"),
        ("===\n!: include parts/starttls.smtp\nC: AUTH\nS: 535 no", "535"),
        ("===\n!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls expired", "TLS"),
        ("===\nS: 220 hi\nC: EHLO\nS: 250-hi | 250 AUTH PLAIN", "STARTTLS"),
    ],
)
def test_a_second_connection_is_held_to_all_that_the_first_was(
    pki: TestPki, text: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.send_steps.PIPELINE_PATIENCE", 0.2)
    with ScriptedServer(EATS + text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert report.exit_code in (14, 75)
    assert failed_step(report) == "send.mail"
    assert step(report, "send.mail").summary.startswith("on a second connection: ")
    assert why in step(report, "send.mail").summary
    assert len(server.connections) == 2
    for form in forms(PASSWORD):
        assert form.encode() not in server.plain_received
    assert server.connections[1].verbs().count("AUTH") == ("535" in text)


def test_without_verification_no_login_leaves_on_a_second_connection_either(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.send_steps.PIPELINE_PATIENCE", 0.2)
    settings: Settings = {**QUICK, "tls": {"verify": False}}
    with ScriptedServer(EATS + AGAIN, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert failed_step(report) == "auth.choose"
    assert len(server.connections) == 1
    for form in forms(PASSWORD):
        assert form.encode() not in server.received


def test_a_recipient_who_is_named_twice_gets_the_message_once(pki: TestPki) -> None:
    twice = ("b@example.test", "self", "b@example.test", "alice@example.test", "B@example.test")
    with ScriptedServer(
        ONE_BY_ONE.replace("C: DATA", "C: RCPT\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: DATA")
        + "!: body\nS: 250 ok",
        pki,
    ) as server:
        plan = Plan(deadline=5.0, recipients=twice)
        report = run(server.port, pki, settings=CLEAR, login=False, plan=plan)
    assert passed(report), shown(report)
    assert [line for line in server.connection.lines if line.startswith("RCPT")] == [
        "RCPT TO:<b@example.test>",
        "RCPT TO:<alice@example.test>",
        "RCPT TO:<B@example.test>",
    ]


def test_a_domain_outside_ascii_is_in_ascii_form_everywhere(pki: TestPki) -> None:
    settings: Settings = {
        **CLEAR,
        "sender": {"address": "a@münchen.example", "reply_to": "r@münchen.example"},
        "test": {"to": ["b@münchen.example"]},
    }
    with ScriptedServer(ONE_BY_ONE + "!: body\nS: 250 ok", pki) as server:
        report = run(server.port, pki, settings=settings, login=False)
    assert passed(report), shown(report)
    (body,) = server.connection.bodies
    for header in (b"From: a@", b"To: b@", b"Reply-To: r@"):
        assert header + b"xn--mnchen-3ya.example\r\n" in body


@pytest.mark.parametrize("key", ["address", "reply_to"])
@pytest.mark.parametrize("offered", [True, False])
def test_an_address_in_the_header_needs_smtputf8_too(pki: TestPki, key: str, offered: bool) -> None:
    settings: Settings = {
        **CLEAR,
        "sender": {"address": "a@example.test", "bounce": "c@example.test", key: "ä@example.test"},
    }
    text = ONE_BY_ONE + "!: body\nS: 250 ok"
    if offered:
        text = text.replace("S: 250 mail.example.test\n", "S: 250-mail | 250 SMTPUTF8\n")
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings, login=False)
    if offered:
        assert passed(report), shown(report)
        assert "SMTPUTF8" in server.connection.lines[1]
        assert "ä@example.test".encode() in server.connection.bodies[0]
    else:
        assert failed_step(report) == "send.prepare"
        assert "MAIL" not in server.connection.verbs()


@pytest.mark.parametrize("keys", [("ca_file",), ("client_cert", "client_key")])
def test_a_file_that_cannot_be_read_to_its_end_does_not_outlast_the_deadline(
    pki: TestPki, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    settings: Settings = {"tls": dict.fromkeys(keys, str(pipe))}
    with ScriptedServer("!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go", pki) as server:
        began = time.monotonic()
        report = run(server.port, pki, settings=settings, plan=Plan(deadline=0.5))
        assert time.monotonic() - began < 1.5
    os.close(os.open(pipe, os.O_RDWR))  # lets the reader go
    assert failed_step(report) == "tls.handshake"
    assert step(report, "tls.handshake").facts["error"]["kind"] == "local"  # type: ignore[index, call-overload]  # a table


@pytest.mark.parametrize(("text", "interrupted"), [(ONE_BY_ONE, False), ("S: 554 no", True)])
def test_an_interrupt_after_the_last_stage_keeps_what_passed_and_ends_what_failed(
    text: str, interrupted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []

    def cut(_race: Race, deadline: Deadline) -> None:
        calls.append(deadline.remaining())
        if len(calls) == 1 and not interrupted:
            raise KeyboardInterrupt

    def cut_experiments(_run: Run, _seen: Observations) -> tuple[ExperimentResult, ...]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Race, "settle", cut)
    with ScriptedServer(text + "!: body\nS: 250 ok" if not interrupted else text) as server:
        tables = {
            "server": {"host": "127.0.0.1", "port": server.port, "security": "none"},
            "sender": {"address": "a@example.test"},
            "test": {"to": ["self"]},
        }
        ran = run_probe(
            profile_from_settings(tables, environment={}).profile,
            Plan(),
            Recorder("one"),
            settings={},
            read_secret=lambda _: Secret(""),
            after_failure=cut_experiments,
        )
    assert ran.observations.interrupted is interrupted
    assert len(ran.observations.stages) == 5
    assert verdict(ran.observations)[1] == (130 if interrupted else 0)


def test_a_hundred_recipients_are_one_message(pki: TestPki) -> None:
    names = tuple(f"r{n}@example.test" for n in range(100))
    text = PIPELINED.replace("C: RCPT\n", "C: RCPT\n" * 100).replace(
        "250 ok | 250 ok", " | ".join(["250 ok"] * 101)
    )
    with ScriptedServer(text + "!: body\nS: 250 ok", pki) as server:
        plan = Plan(deadline=5.0, recipients=names)
        report = run(server.port, pki, settings=CLEAR, login=False, plan=plan)
    assert passed(report), shown(report)
    assert step(report, "send.rcpt").facts["accepted"] == list(names)
    assert max(len(line) for line in server.connection.bodies[0].split(b"\r\n")) <= 998


@pytest.mark.parametrize("first", ["127.0.0.1", "127.0.0.3", ""])
def test_the_address_of_an_earlier_attempt_is_tried_first(
    monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    names = [f"127.0.0.{n}" for n in (2, 1, 3)]
    found = DnsRun((), tuple(ResolvedAddress("ipv4", each) for each in names))
    monkeypatch.setattr("smtpcheck.probe.runner.run_dns", lambda *_args, **_more: found)
    loaded = profile_from_settings({"server": {"host": "many.test", "port": 1}}, environment={})
    ran = run_probe(
        loaded.profile,
        Plan(deadline=5.0, until="tcp.connect"),
        Recorder("t"),
        settings={},
        read_secret=lambda _ref: Secret(""),
        peer=first,
    )
    tcp = ran.observations.stages[1].steps[0].facts
    tried = [each["address"] for each in tcp["attempts"]]  # type: ignore[index,union-attr,call-overload]  # a list of tables
    assert tried == sorted(names, key=lambda each: each != first)
