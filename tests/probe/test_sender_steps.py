"""Who may send: each sender in an envelope that is given up, and relaying without a login."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from tests.pki import TestPki
from tests.scripted.probing import run, shown, taken
from tests.scripted.server import ScriptedServer

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
LOGIN = "!: include parts/login.smtp\n"
PLAIN = "S: 220 mail.example.test ESMTP\nC: EHLO *\nS: 250-mail.example.test | 250 {}\n"
BYE = "C: QUIT$\nS: 221 bye\n"


def envelope(sender: str, mail: str, rcpt: str = "250 ok") -> str:
    return f"C: MAIL FROM:<{sender}>$\nS: {mail}\nC: RCPT TO:*\nS: {rcpt}\nC: RSET$\nS: 250 reset\n"


def probe(
    pki: TestPki, text: str, plan: Plan, *, login: bool = True, **tables: dict[str, Any]
) -> TargetReport:
    with ScriptedServer(text, pki) as played:
        report = run(played.port, pki, plan=plan, login=login, settings=tables)
        played.wait(2)
    assert not played.deviations, played.deviations
    return report


def senders(*addresses: str, **more: Any) -> Plan:
    return Plan(deadline=10.0, senders=addresses, **more)


def tried(report: TargetReport) -> list[tuple[str, Outcome]]:
    return [
        (str(step.facts["sender"]), step.outcome)
        for stage in report.observations.stages
        for step in stage.steps
        if step.step == "send.sender"
    ]


def test_each_sender_is_tried_and_no_message_leaves(pki: TestPki) -> None:
    text = LOGIN + envelope(ALICE, "250 ok") + envelope(BOB, "250 ok") + BYE
    report = probe(pki, text, senders(ALICE, BOB))
    assert report.exit_code == 0, shown(report)
    assert tried(report) == [(ALICE, Outcome.PASSED), (BOB, Outcome.PASSED)]
    assert "send.prepare" not in taken(report)
    assert any("whether a sender may be used, a message shows" in each for each in report.notes)


def test_a_refused_sender_is_named_and_the_next_is_tried_all_the_same(pki: TestPki) -> None:
    refusal = f"553 5.7.1 <{BOB}>: Sender address rejected: not owned by user {ALICE}"
    text = LOGIN + envelope(BOB, refusal, "503 MAIL first") + envelope(ALICE, "250 ok") + BYE
    report = probe(pki, text, senders(BOB, ALICE))
    assert report.exit_code == 14
    assert tried(report) == [(BOB, Outcome.FAILED), (ALICE, Outcome.PASSED)]
    (found,) = report.diagnoses
    assert found.cause == "sender-not-authorized"
    assert BOB in found.why
    assert ALICE not in found.why.split("is neither")[0]


def test_a_sender_refused_at_rcpt_is_refused(pki: TestPki) -> None:
    refusal = f"553 5.7.1 <{BOB}>: Sender address rejected: not owned by user {ALICE}"
    report = probe(pki, LOGIN + envelope(BOB, "250 ok", refusal) + BYE, senders(BOB))
    assert report.exit_code == 14
    assert [each.cause for each in report.diagnoses] == ["sender-not-authorized"]


def test_a_server_that_asks_to_try_later_is_75(pki: TestPki) -> None:
    report = probe(pki, LOGIN + envelope(BOB, "451 4.7.1 later", "503 no") + BYE, senders(BOB))
    assert report.exit_code == 75


def test_after_the_server_is_gone_no_further_sender_is_tried(pki: TestPki) -> None:
    text = LOGIN + f"C: MAIL FROM:<{BOB}>$\nS: 421 4.7.0 too many\n!: close\n"
    with ScriptedServer(text, pki, strict=False) as played:
        report = run(played.port, pki, plan=senders(BOB, ALICE))
        played.wait(2)
    assert report.exit_code == 75
    assert tried(report) == [(BOB, Outcome.FAILED), (ALICE, Outcome.SKIPPED)]


def test_an_address_that_needs_smtputf8_is_not_mangled(pki: TestPki) -> None:
    report = probe(pki, LOGIN + envelope(ALICE, "250 ok") + BYE, senders("bö@x.test", ALICE))
    assert tried(report) == [("bö@x.test", Outcome.FAILED), (ALICE, Outcome.PASSED)]
    assert report.exit_code == 14


@pytest.mark.parametrize(
    ("preset", "words"),
    [("office365", "decides after DATA"), ("gmail", "puts the account's address into From")],
)
def test_where_the_provider_decides_later_it_is_said(pki: TestPki, preset: str, words: str) -> None:
    from dataclasses import replace

    from smtpcheck.api import Job
    from smtpcheck.api import probe as probe_job
    from smtpcheck.model.secret import Secret, SecretRef, SecretSource
    from smtpcheck.store.profile_reader import profile_from_settings

    with ScriptedServer(LOGIN + envelope(BOB, "250 ok") + BYE, pki) as played:
        tables: dict[str, Any] = {
            "preset": preset,
            "server": {"host": "127.0.0.1", "port": played.port, "security": "starttls"},
            "tls": {"ca_file": str(pki.ca_file), "server_name": "mail.example.test"},
            "auth": {"username": ALICE, "password": {"prompt": True}},
            "sender": {"address": ALICE},
        }
        loaded = profile_from_settings(tables, environment={})
        given = SecretRef(SecretSource.GIVEN, given=Secret("x"))
        auth = replace(loaded.profile.auth, password=given, oauth=None)
        loaded = replace(loaded, profile=replace(loaded.profile, auth=auth))
        report = probe_job(Job("t", loaded, senders(BOB)))
    assert report.exit_code == 0, shown(report)
    summary = next(
        step.summary
        for stage in report.observations.stages
        for step in stage.steps
        if step.step == "send.sender"
    )
    assert words in summary


def relay(pki: TestPki, text: str, *to: str) -> TargetReport:
    plan = Plan(deadline=10.0, relay=True, recipients=to or ("you@elsewhere.test",))
    return probe(pki, text, plan, login=False, server={"security": "none"})


def verdict(report: TargetReport) -> str:
    return next(
        str(step.facts["verdict"])
        for stage in report.observations.stages
        for step in stage.steps
        if step.step == "send.relay"
    )


def test_a_server_that_relays_without_a_login_fails(pki: TestPki) -> None:
    report = relay(pki, PLAIN.format("HELP") + envelope(ALICE, "250 ok") + BYE)
    assert (verdict(report), report.exit_code) == ("open", 14)
    assert [each.cause for each in report.diagnoses] == ["relay-open"]
    assert "you@elsewhere.test" in report.diagnoses[0].why


@pytest.mark.parametrize(
    ("mail", "rcpt"),
    [("250 ok", "554 5.7.1 Relay access denied"), ("530 5.7.0 log in first", "503 MAIL first")],
)
def test_a_server_that_refuses_is_closed(pki: TestPki, mail: str, rcpt: str) -> None:
    text = PLAIN.format("PIPELINING") + (
        f"C: MAIL FROM:<{ALICE}>$\nC: RCPT TO:*\nC: RSET$\nS: {mail} | {rcpt} | 250 reset\n"
    )
    report = relay(pki, text + BYE)
    assert (verdict(report), report.exit_code) == ("closed", 0)
    assert report.diagnoses == ()


def test_a_refusal_for_now_is_not_known(pki: TestPki) -> None:
    text = PLAIN.format("HELP") + envelope(ALICE, "250 ok", "450 4.7.1 greylisted") + BYE
    report = relay(pki, text)
    assert (verdict(report), report.exit_code) == ("unknown", 75)


@pytest.mark.parametrize(
    ("mail", "rcpt"),
    [
        ("550 5.7.23 sender blocked by SPF", "503 MAIL first"),
        ("250 ok", "553 5.7.1 <alice@example.test>: Sender address rejected: not logged in"),
        ("250 ok", "550 5.1.1 no such user"),
    ],
)
def test_a_refusal_of_something_else_shows_nothing_of_relaying(
    pki: TestPki, mail: str, rcpt: str
) -> None:
    text = PLAIN.format("PIPELINING") + (
        f"C: MAIL FROM:<{ALICE}>$\nC: RCPT TO:*\nC: RSET$\nS: {mail} | {rcpt} | 250 reset\n"
    )
    report = relay(pki, text + BYE)
    assert (verdict(report), report.exit_code) == ("unknown", 14)


def test_mail_for_the_own_domain_is_no_relaying(pki: TestPki) -> None:
    text = PLAIN.format("HELP") + envelope(ALICE, "250 ok", "250 mine") + BYE
    report = relay(pki, text, "bob@example.test")
    assert (verdict(report), report.exit_code) == ("unknown", 14)
    assert [each.cause for each in report.diagnoses] == ["relay-own-domain"]


def test_a_sender_named_besides_is_the_one_of_the_relay_test(pki: TestPki) -> None:
    text = PLAIN.format("HELP") + envelope(CAROL, "250 ok", "554 5.7.1 Relay access denied") + BYE
    plan = Plan(deadline=10.0, relay=True, recipients=("you@elsewhere.test",), senders=(CAROL,))
    report = probe(pki, text, plan, login=False, server={"security": "none"})
    assert (verdict(report), report.exit_code) == ("closed", 0)
    assert tried(report) == []
