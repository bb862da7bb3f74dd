"""Several messages in one conversation: `send.repeat`."""

from __future__ import annotations

import pytest

from smtpcheck.model.message import MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.pki import TestPki
from tests.scripted.probing import Settings, cause, run, shown, step, taken
from tests.scripted.server import ScriptedServer

CLEAR: Settings = {"server": {"security": "none", "timeout": 2.0}}
HELLO = "S: 220 mail.example.test ESMTP\nC: EHLO\nS: 250-mail.example.test | 250 PIPELINING\n"
SLOW = "S: 220 mail.example.test ESMTP\nC: EHLO\nS: 250 mail.example.test\n"
ONE = (
    "C: MAIL\nC: RCPT\nC: DATA\nS: 250 ok | 250 ok | 354 go\n"
    "!: body\nS: 250 2.0.0 queued as 4F2A1C77\n"
)
QUIT = "C: QUIT\nS: 221 bye\n"


def plan(count: int, interval: float = 0.0) -> Plan:
    return Plan(deadline=10.0, count=count, interval=interval, message=MessageSpec())


def outcomes(report: TargetReport) -> list[object]:
    rows = step(report, "send.repeat").facts["messages"]
    return [row["outcome"] for row in rows]  # type: ignore[index,union-attr,call-overload]


def test_all_go_through_one_conversation_and_quit_comes_last(pki: TestPki) -> None:
    with ScriptedServer(HELLO + ONE * 3 + QUIT, pki) as server:
        report = run(server.port, pki, settings=CLEAR, plan=plan(3, 0.01), login=False)
    assert report.exit_code == 0, shown(report)
    assert len(server.connection.bodies) == 3
    ids = {
        body.partition(b"Message-ID: ")[2].partition(b"\r\n")[0]
        for body in server.connection.bodies
    }
    assert len(ids) == 3
    repeat = step(report, "send.repeat").facts
    assert repeat["accepted_messages"] == 3
    assert [row["message"] for row in repeat["messages"]] == [2, 3]  # type: ignore[index,union-attr,call-overload]
    assert "3 messages accepted" in shown(report)
    assert "message 2" in shown(report)


def test_without_pipelining_they_go_one_command_at_a_time(pki: TestPki) -> None:
    one = "C: MAIL\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: DATA\nS: 354 go\n!: body\nS: 250 queued\n"
    with ScriptedServer(SLOW + one * 2 + QUIT, pki) as server:
        report = run(server.port, pki, settings=CLEAR, plan=plan(2), login=False)
    assert report.exit_code == 0, shown(report)


@pytest.mark.parametrize(
    ("late", "at", "code", "named"),
    [
        (
            "C: MAIL\nC: RCPT\nC: DATA\nS: 451 4.7.1 rate limit exceeded | 503 no | 503 no\n",
            "send.mail",
            75,
            "rate-limited",
        ),
        (
            "C: MAIL\nC: RCPT\nC: DATA\nS: 250 ok | 550 5.1.1 User unknown | 554 no\n",
            "send.rcpt",
            14,
            "recipient-unknown",
        ),
        (
            ONE.replace("250 2.0.0 queued as 4F2A1C77", "552 5.3.4 Message size exceeds limit"),
            "send.message",
            14,
            "message-too-large",
        ),
    ],
)
def test_it_ends_at_the_first_that_is_refused_and_says_which(
    pki: TestPki, late: str, at: str, code: int, named: str
) -> None:
    with ScriptedServer(HELLO + ONE * 2 + late + QUIT, pki) as server:
        report = run(server.port, pki, settings=CLEAR, plan=plan(9), login=False)
    failed = step(report, "send.repeat")
    assert (report.exit_code, cause(report)) == (code, named), shown(report)
    assert failed.facts["at"] == at
    assert outcomes(report) == ["accepted", "refused"]
    assert (failed.facts["message"], failed.facts["accepted_messages"]) == (3, 2)
    assert failed.summary.startswith("message 3 of 9 at ")
    assert "message 3 of 9" in shown(report)


def test_a_server_that_leaves_in_between_is_told_with_the_number(pki: TestPki) -> None:
    with ScriptedServer(HELLO + ONE + "!: close", pki) as server:
        report = run(server.port, pki, settings=CLEAR, plan=plan(2), login=False)
    assert report.exit_code == 14
    assert "message 2 of 2 at MAIL" in step(report, "send.repeat").summary
    assert taken(report)[-1] == "send.repeat:failed"
    assert outcomes(report) == ["unanswered"]


def test_a_message_whose_fate_is_unknown_is_said_to_be(pki: TestPki) -> None:
    script = (
        HELLO + ONE + "C: MAIL\nC: RCPT\nC: DATA\nS: 250 ok | 250 ok | 354 go\n!: body\n!: close"
    )
    with ScriptedServer(script, pki) as server:
        report = run(server.port, pki, settings=CLEAR, plan=plan(2), login=False)
    assert step(report, "send.repeat").facts["in_doubt"] is True
    assert cause(report) == "delivery-in-doubt"
    assert outcomes(report) == ["in-doubt"]


def test_where_nothing_is_sent_nothing_is_repeated(pki: TestPki) -> None:
    script = HELLO + "C: MAIL\nC: RCPT\nC: RSET\nS: 250 ok | 250 ok | 250 ok\n" + QUIT
    with ScriptedServer(script, pki) as server:
        settings: Settings = {**CLEAR, "test": {"to": []}}
        report = run(server.port, pki, settings=settings, plan=plan(5), login=False)
    assert report.exit_code == 0
    assert "send.repeat:passed" not in taken(report)
