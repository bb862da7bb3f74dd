"""`expect.senders`: each is tried behind the message, in the same session, and fails no stage."""

from __future__ import annotations

from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from tests.pki import TestPki
from tests.probe.test_sender_steps import ALICE, BOB, BYE, CAROL, LOGIN, envelope
from tests.scripted.probing import errors_of, run, shown, taken
from tests.scripted.server import ScriptedServer

MESSAGE = (
    f"C: MAIL FROM:<{ALICE}>*\nS: 250 ok\nC: RCPT TO:*\nS: 250 ok\nC: DATA$\nS: 354 go\n"
    "!: body\nS: 250 2.0.0 queued as A1\n"
)
NOT_OWNED = f"553 5.7.1 <{BOB}>: Sender address rejected: not owned by user {ALICE}"


def probe(pki: TestPki, text: str, *senders: str, strict: bool = True) -> TargetReport:
    with ScriptedServer(text, pki, strict=strict) as played:
        report = run(played.port, pki, settings={"expect": {"senders": list(senders)}})
        played.wait(2)
    assert not (strict and played.deviations), played.deviations
    return report


def tried(report: TargetReport) -> list[Outcome]:
    steps = (each for stage in report.observations.stages for each in stage.steps)
    return [each.outcome for each in steps if each.step == "send.sender"]


def test_the_message_leaves_first_and_then_each_sender_is_tried(pki: TestPki) -> None:
    """The server pipelines, and QUIT goes out with the message where nothing is asked behind it."""
    text = LOGIN + MESSAGE + envelope(BOB, "250 ok") + envelope(CAROL, "250 ok") + BYE
    report = probe(pki, text, BOB, CAROL)
    assert report.exit_code == 0, shown(report)
    assert taken(report)[-4:] == [
        "send.message:passed",
        "send.sender:passed",
        "send.sender:passed",
        "send.quit:passed",
    ]
    told = " ".join(shown(report).split())
    assert "message accepted" in told
    assert "2 of 2 expected senders accepted" in told


def test_a_refused_sender_is_an_unmet_expectation_with_the_servers_words(pki: TestPki) -> None:
    text = LOGIN + MESSAGE + envelope(BOB, NOT_OWNED, "503 no") + envelope(CAROL, "250 ok") + BYE
    report = probe(pki, text, BOB, CAROL)
    assert report.exit_code == 15, shown(report)
    assert tried(report) == [Outcome.WARNED, Outcome.PASSED]
    [error] = errors_of(report)
    assert error.cause == "expectation-sender-refused"
    assert BOB in error.why
    assert CAROL not in error.why
    again = f"--sender {BOB} --sender {CAROL}"
    assert again in shown(report)
    assert f"S {NOT_OWNED}" in [each.text for each in error.evidence]
    assert [each.cause for each in report.diagnoses[1:]] == ["sender-not-authorized"]


def test_a_message_that_is_refused_ends_the_run_before_the_senders(pki: TestPki) -> None:
    refused = MESSAGE.replace("250 2.0.0 queued as A1", "554 5.7.1 spam")
    report = probe(pki, LOGIN + refused + BYE, BOB, strict=False)
    assert report.exit_code == 14
    assert tried(report) == []
    assert "not looked at, the run did not get so far: expect.senders" in report.notes


def test_a_server_that_asks_to_try_later_judges_no_sender(pki: TestPki) -> None:
    later = envelope(BOB, "451 4.7.1 greylisted", "503 no")
    report = probe(pki, LOGIN + MESSAGE + later + BYE, BOB)
    assert report.exit_code == 0
    assert any("got no final answer" in each for each in report.notes), report.notes
