"""LMTP against Dovecot: real verdicts, one for each recipient."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.store.profile_reader import profile_from_settings
from tests.lab.lmtp import ALICE, BROKEN, FULL, LmtpLab, lmtp_lab
from tests.pki import TestPki
from tests.scripted.probing import cause, failed_step, passed, shown, step

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[LmtpLab]:
    if os.geteuid() != 0:
        pytest.skip("Dovecot's LMTP service is run by root only")
    with TemporaryDirectory(prefix="smtpcheck-lab-") as folder:
        Path(folder).chmod(0o755)
        with lmtp_lab(Path(folder), pki) as running:
            yield running


def run(pki: TestPki, server: dict[str, Any], *recipients: str, **plan: Any) -> TargetReport:
    tables = {
        "server": {"protocol": "lmtp", "timeout": 10.0, **server},
        "tls": {"ca_file": str(pki.ca_file), "server_name": "mail.example.test"},
        "sender": {"address": "app@good.test"},
        "test": {"to": list(recipients)},
    }
    loaded = profile_from_settings(tables, environment={})
    return probe(Job("lmtp", loaded, Plan(deadline=30.0, experiments=False, **plan)))


def places(lab: LmtpLab) -> dict[str, dict[str, Any]]:
    return {
        "tcp": {"host": "127.0.0.1", "port": lab.port},
        "socket": {"socket": str(lab.socket)},
        "starttls": {"host": "127.0.0.1", "port": lab.port, "security": "starttls"},
    }


@pytest.mark.parametrize("place", ["tcp", "socket", "starttls"])
def test_the_message_lands_in_the_mailbox(lab: LmtpLab, pki: TestPki, place: str) -> None:
    before = len(list(lab.mailbox.glob("*")))
    report = run(pki, places(lab)[place], ALICE)
    assert passed(report), shown(report)
    assert len(list(lab.mailbox.glob("*"))) == before + 1
    assert step(report, "send.message").facts["accepted"] == [ALICE]


@pytest.mark.parametrize("place", ["tcp", "socket"])
def test_each_recipient_is_judged_on_its_own(lab: LmtpLab, pki: TestPki, place: str) -> None:
    report = run(pki, places(lab)[place], ALICE, FULL, "nobody@good.test")
    assert report.exit_code == 0, shown(report)
    assert step(report, "send.rcpt").facts["refused"] == ["nobody@good.test"]
    facts = step(report, "send.message").facts
    assert (facts["accepted"], facts["refused"]) == ([ALICE], [FULL])
    causes = {each.cause for each in report.diagnoses}
    assert causes == {"recipient-unknown", "recipient-mailbox-full"}


def test_by_bdat_each_recipient_is_judged_behind_the_last_chunk(lab: LmtpLab, pki: TestPki) -> None:
    before = len(list(lab.mailbox.glob("*")))
    report = run(pki, places(lab)["tcp"], ALICE, FULL, bdat=True)
    assert report.exit_code == 0, shown(report)
    facts = step(report, "send.message").facts
    assert (facts["accepted"], facts["refused"], facts["chunked"]) == ([ALICE], [FULL], True)
    assert len(list(lab.mailbox.glob("*"))) == before + 1


def test_several_messages_land(lab: LmtpLab, pki: TestPki) -> None:
    before = len(list(lab.mailbox.glob("*")))
    report = run(pki, places(lab)["socket"], ALICE, bdat=True, count=3)
    assert passed(report), shown(report)
    assert len(list(lab.mailbox.glob("*"))) == before + 3


def test_a_mailbox_that_cannot_be_written_is_a_temporary_failure(
    lab: LmtpLab, pki: TestPki
) -> None:
    report = run(pki, places(lab)["tcp"], BROKEN)
    assert (report.exit_code, failed_step(report)) == (75, "send.message"), shown(report)


def test_smtp_spoken_to_it_is_named(lab: LmtpLab, pki: TestPki) -> None:
    where = {**places(lab)["tcp"], "protocol": "smtp", "security": "none"}
    assert cause(run(pki, where, ALICE)) == "lmtp-smtp-mismatch"
