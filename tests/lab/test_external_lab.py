"""A login by client certificate (EXTERNAL) that ends in Postfix accepting the mail.

Dovecot's submission service takes the login and relays to Postfix, because Postfix itself has no
way to it: postconf(5) says that EXTERNAL "is not implemented", and where it is let through all the
same (`smtpd_sasl_mechanism_filter = static:all`) its request to Dovecot's auth carries `secured`
and no `valid-client-cert` or `cert_username`, so that Dovecot answers "username not known".
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.lab.dovecot import dovecot_submission
from tests.lab.postfix import MailLab, mail_lab
from tests.pki import TestPki
from tests.scripted.probing import cause, failed_step, passed, run, shown, step

pytestmark = pytest.mark.lab
ALICE = "alice@good.test"


@pytest.fixture(scope="module")
def postfix(pki: TestPki) -> Iterator[MailLab]:
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        mail_lab(Path(folder), pki) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def dovecot(pki: TestPki, postfix: MailLab) -> Iterator[int]:
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        dovecot_submission(Path(folder), pki, postfix.ports["relay"]) as port,
    ):
        yield port


def send(port: int, pki: TestPki, *, method: str = "external", to: str = ALICE) -> TargetReport:
    chain, key = pki.client(ALICE)
    settings: dict[str, dict[str, Any]] = {
        "server": {"timeout": 10.0},
        "auth": {"method": method},
        "tls": {"client_cert": str(chain), "client_key": str(key)},
        "sender": {"address": ALICE},
        "test": {"to": [to]},
    }
    return run(port, pki, settings=settings, plan=Plan(deadline=30.0), login=False)


def logged(log: Path, words: str) -> bool:
    """Whether the log tells of it: a service of its own writes it, behind the answer."""
    until = time.monotonic() + 10.0
    while words not in log.read_text():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("method", ["external", "auto"])
def test_the_mail_of_who_shows_a_certificate_is_accepted_by_postfix(
    dovecot: int, postfix: MailLab, pki: TestPki, method: str
) -> None:
    report = send(dovecot, pki, method=method)
    assert passed(report), shown(report)
    assert step(report, "auth.login").facts["mechanism"] == "EXTERNAL"
    queued = str(step(report, "send.message").facts["queue_id"])
    assert queued
    assert logged(postfix.log, queued)


def test_a_recipient_that_postfix_refuses_behind_dovecot_is_told(
    dovecot: int, pki: TestPki
) -> None:
    report = send(dovecot, pki, to="nobody@good.test")
    assert (report.exit_code, failed_step(report)) == (14, "send.rcpt"), shown(report)
    assert cause(report) == "recipient-unknown"
