"""`--confirm` against Postfix and Dovecot: what a mailbox shows of a message that was accepted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.confirm.look import look_for
from smtpcheck.confirm.mailbox import Place
from smtpcheck.model.arrival import NotSeen, Sent
from smtpcheck.model.message import MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.secret import Secret
from smtpcheck.model.stage import Outcome
from tests.lab.imap import ALICE, AUTHORITY, PASSWORD, ImapLab, imap_lab
from tests.lab.postfix import USERS
from tests.pki import TestPki
from tests.scripted.probing import run, shown, step

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[ImapLab]:
    with (
        TemporaryDirectory(prefix="smtpcheck-imap-") as folder,
        imap_lab(Path(folder), pki) as running,
    ):
        yield running


def sent(
    lab: ImapLab,
    pki: TestPki,
    monkeypatch: pytest.MonkeyPatch,
    *,
    to: str = ALICE,
    subject: str = "hello",
    seconds: float = 20.0,
    **confirm: Any,
) -> TargetReport:
    monkeypatch.setenv("IMAP_PASSWORD", PASSWORD)
    mailbox = {"host": "localhost", "port": lab.imaps, "username": ALICE, **confirm}
    return run(
        lab.mail.ports["submission"],
        pki,
        settings={
            "sender": {"address": ALICE},
            "test": {"to": [to]},
            "auth": {"username": ALICE},
            "confirm": {"password": {"env": "IMAP_PASSWORD"}, **mailbox},
        },
        password=USERS[ALICE],
        plan=Plan(deadline=seconds, confirm=True, message=MessageSpec(subject=subject)),
    )


def facts_of(report: TargetReport) -> dict[str, Any]:
    return dict(step(report, "send.confirm").facts)


def causes(report: TargetReport) -> list[str]:
    return [each.cause for each in report.diagnoses]


def test_a_message_that_arrives_is_seen_in_its_folder(
    lab: ImapLab, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = f"verdicts: spf=pass smtp.mailfrom={ALICE}; dkim=pass header.d=good.test; dmarc=pass"
    report = sent(lab, pki, monkeypatch, subject=subject)
    assert report.exit_code == 0, shown(report)
    facts = facts_of(report)
    assert (facts["folder"], facts["junk"], facts["from"]) == ("INBOX", False, ALICE)
    assert facts["authority"] == AUTHORITY
    assert facts["spf"] == [{"result": "pass", "domain": "good.test"}]
    assert step(report, "send.confirm").outcome is Outcome.PASSED
    assert "message accepted" in shown(report)


def test_a_message_among_the_spam_is_a_warning(
    lab: ImapLab, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = sent(lab, pki, monkeypatch, to="alice+Junk@good.test")
    assert (report.exit_code, causes(report)) == (0, ["delivery-to-spam"])
    assert facts_of(report)["folder"] == "Junk"


def test_a_message_that_a_rule_sorted_away_is_found_at_the_end(
    lab: ImapLab, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = sent(lab, pki, monkeypatch, to="alice+Sorted@good.test", seconds=8.0)
    assert (report.exit_code, causes(report)) == (0, [])
    assert facts_of(report)["folder"] == "Sorted"


def test_what_the_receiver_found_is_judged(
    lab: ImapLab, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = (
        f"verdicts: spf=softfail smtp.mailfrom={ALICE}; dkim=none; dmarc=fail header.from=good.test"
    )
    report = sent(lab, pki, monkeypatch, subject=subject)
    assert report.exit_code == 0
    assert causes(report) == ["spf-fail", "dkim-fail", "dmarc-unauthenticated"]
    assert "good.test" in report.diagnoses[0].why


def test_a_message_that_comes_back_is_told_with_the_reason(
    lab: ImapLab, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = sent(lab, pki, monkeypatch, to="x@sink.test")
    assert report.exit_code == 14
    facts = facts_of(report)
    assert facts["bounce"]["recipient"] == "x@sink.test"
    assert facts["bounce"]["status"].startswith("5.1.1")
    assert causes(report)[0] in ("recipient-unknown", "delivery-bounced")


def test_a_message_that_does_not_come_is_told_so(
    lab: ImapLab, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = sent(lab, pki, monkeypatch, to="you@elsewhere.test", seconds=5.0)
    assert (report.exit_code, causes(report)) == (14, ["delivery-not-confirmed"])
    assert report.diagnoses[0].retryable
    assert set(facts_of(report)["folders"]) == {"INBOX", "Junk", "Sorted"}


@pytest.mark.parametrize(
    ("confirm", "kind"),
    [
        ({"username": "nobody@good.test"}, "mailbox-login-refused"),
        ({"port": 1}, "mailbox-unreachable"),
        ({"port": 143}, "mailbox-tls"),
        ({"password": {"env": "NOT_SET_ANYWHERE"}}, "mailbox-secret-unavailable"),
    ],
)
def test_a_mailbox_that_cannot_be_looked_into_is_told_as_that(
    lab: ImapLab,
    pki: TestPki,
    monkeypatch: pytest.MonkeyPatch,
    confirm: dict[str, Any],
    kind: str,
) -> None:
    if kind == "mailbox-tls":  # no TLS there from the first byte
        confirm = {"port": lab.imap}
    report = sent(lab, pki, monkeypatch, **confirm)
    assert report.exit_code == 14
    assert causes(report) == ["mailbox-unreachable"]
    assert facts_of(report)["error"]["kind"] == kind
    assert PASSWORD not in shown(report)


def test_starttls_leads_to_the_mailbox_too(lab: ImapLab, pki: TestPki) -> None:
    context = ssl.create_default_context(cafile=str(pki.ca_file))
    place = Place(
        host="localhost",
        port=lab.imap,
        username=ALICE,
        secret=Secret(PASSWORD),
        context=context,
        starttls=True,
        timeout=5.0,
    )
    looked = look_for(Sent("<none@good.test>", ALICE), place, wait=0.0)
    assert isinstance(looked, NotSeen)
