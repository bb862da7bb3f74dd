"""Retries against real greylisting: Postfix with postgrey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smtpcheck.model.plan import Plan
from tests.lab.postfix import MailLab, mail_lab
from tests.lab.postgrey import postgrey
from tests.lab.test_mail_lab import causes, run
from tests.pki import TestPki

pytestmark = pytest.mark.lab
DELAY = 3


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[MailLab]:
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as name,
        postgrey(Path(name), delay=DELAY, text="Greylisted for %s seconds") as port,
        mail_lab(Path(name), pki, postfix=_ASKS.format(port=port)) as running,
    ):
        yield running


_ASKS = "smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{port}\n"


def test_a_greylisted_message_is_taken_after_the_time_that_postgrey_names(
    lab: MailLab, pki: TestPki
) -> None:
    plan = Plan(deadline=60.0, retries=3, recipients=("me@kept.test",))
    report = run(lab, pki, "submission", plan=plan)
    assert report.exit_code == 0
    assert [(each.exit_code, each.cause) for each in report.attempts] == [
        (75, "greylisted"),
        (0, ""),
    ]
    assert report.attempts[1].waited_ms >= DELAY * 1000


def test_without_retries_it_is_for_now_and_the_diagnosis_says_so(
    lab: MailLab, pki: TestPki
) -> None:
    plan = Plan(deadline=30.0, recipients=("bob@good.test",))
    report = run(lab, pki, "submission", plan=plan)
    assert (report.exit_code, causes(report)) == (75, ["greylisted"])
    assert report.diagnoses[0].retryable


def test_coming_back_too_soon_is_not_coming_back(lab: MailLab, pki: TestPki) -> None:
    plan = Plan(deadline=DELAY + 0.9, retries=3, recipients=("x@sink.test",))
    report = run(lab, pki, "submission", plan=plan)
    assert (report.exit_code, report.attempts) == (75, ())
    assert any("--deadline" in note for note in report.notes)


def test_a_server_that_puts_everybody_off_stays_temporary(lab: MailLab, pki: TestPki) -> None:
    """Postfix with `smtpd_relay_restrictions = defer` names no time."""
    plan = Plan(deadline=60.0, retries=2, retry_wait=0.2)
    report = run(lab, pki, "greylisting", plan=plan)
    assert report.exit_code == 75
    assert [each.exit_code for each in report.attempts] == [75, 75, 75]
