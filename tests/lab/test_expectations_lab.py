"""Expectations and drift against Postfix and Dovecot: real offers, real refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.api import report_of
from smtpcheck.api.baseline import baseline_of, compare
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.report.json_report import render_json
from tests.lab.postfix import USERS, MailLab, mail_lab
from tests.pki import TestPki
from tests.scripted.probing import errors_of, shown, step
from tests.scripted.probing import run as probe_scripted

pytestmark = pytest.mark.lab
ALICE, BOB = "alice@good.test", "bob@good.test"


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[MailLab]:
    # Not below pytest's own folder: Postfix' user must be able to pass through it.
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        mail_lab(Path(folder), pki) as running,
    ):
        yield running


def run(lab: MailLab, pki: TestPki, service: str = "submission", **expect: Any) -> TargetReport:
    """Probes a service as alice and expects that of it."""
    return probe_scripted(
        lab.ports[service],
        pki,
        settings={
            "server": {"timeout": 10.0},
            "sender": {"address": ALICE},
            "test": {"to": ["x@sink.test"]},
            "auth": {"username": ALICE, "password": {"prompt": True}},
            "expect": expect,
        },
        password=USERS[ALICE],
        plan=Plan(deadline=30.0),
    )


def unmet(report: TargetReport) -> list[str]:
    """The causes, of a run in which every stage passed."""
    assert report.exit_code == (15 if errors_of(report) else 0), shown(report)
    return [each.cause for each in errors_of(report)]


def days_left(report: TargetReport) -> int:
    chain: Any = step(report, "tls.handshake").facts["chain"]
    return int(chain[0]["days_left"])


def test_what_postfix_offers_meets_what_is_expected_of_it(lab: MailLab, pki: TestPki) -> None:
    report = run(
        lab,
        pki,
        min_tls="1.2",
        certificate_days=1,
        total_ms=30_000,
        send_ms=30_000,
        mechanisms=["PLAIN", "SCRAM-SHA-256"],
        extensions=["STARTTLS", "SIZE", "8BITMIME", "CHUNKING"],
        min_size=10_240_000,
        families=["ipv4"],
        senders=[ALICE],
        banner="ESMTP Postfix",
    )
    assert unmet(report) == []
    assert not [note for note in report.notes if "not looked at" in note]


def test_a_certificate_is_too_short_by_a_day_and_not_to_the_day(lab: MailLab, pki: TestPki) -> None:
    days = days_left(run(lab, pki))
    assert unmet(run(lab, pki, certificate_days=days + 1)) == ["expectation-certificate-ends-soon"]
    assert unmet(run(lab, pki, certificate_days=days - 1)) == []


def test_a_mechanism_that_dovecot_has_not_is_missed(lab: MailLab, pki: TestPki) -> None:
    report = run(lab, pki, mechanisms=["PLAIN", "XOAUTH2", "GSSAPI"])
    assert unmet(report) == ["expectation-mechanism-missing"]
    [found] = errors_of(report)
    assert "XOAUTH2, GSSAPI" in found.why
    assert any(each.text.startswith("S 250-AUTH ") for each in found.evidence), found.evidence


def test_extensions_that_postfix_was_told_to_hide_are_missed(lab: MailLab, pki: TestPki) -> None:
    report = run(lab, pki, "bare", extensions=["8BITMIME", "PIPELINING"])
    assert unmet(report) == ["expectation-extension-missing"]


def test_the_size_of_postfix_is_its_limit(lab: MailLab, pki: TestPki) -> None:
    report = run(lab, pki, min_size=10_240_001)
    assert unmet(report) == ["expectation-size-too-small"]
    assert any("SIZE 10240000" in each.text for each in errors_of(report)[0].evidence)


def test_a_sender_that_belongs_to_another_login_is_refused(lab: MailLab, pki: TestPki) -> None:
    report = run(lab, pki, senders=[ALICE, BOB])
    assert unmet(report) == ["expectation-sender-refused"]
    [found] = errors_of(report)
    assert BOB in found.why
    assert any("not owned by user" in each.text for each in found.evidence), found.evidence
    assert step(report, "send.message").facts["queue_id"]


def test_two_runs_of_one_server_do_not_drift_and_two_services_do(
    lab: MailLab, pki: TestPki
) -> None:
    from datetime import UTC, datetime

    first = run(lab, pki)
    saved = (each.encode() for each in render_json(report_of(datetime.now(UTC), [first])))
    before = baseline_of(saved, "r.json").of(first.target)
    again, _ = compare(before, run(lab, pki).observations)
    assert [each for each in again.drift if not each.what.endswith("_ms")] == []
    other, _ = compare(before, run(lab, pki, "bare").observations)
    assert "extensions" in [each.what for each in other.drift]
