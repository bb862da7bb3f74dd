"""Every mechanism at servers that others wrote: Dovecot (behind Postfix, and alone) and Exim.

No -PLUS mechanism is among them: Dovecot has them since 2.4, Postfix and Exim hand Cyrus SASL no
channel binding, and Debian builds Exim without GNU SASL. Cyrus has them: `test_cyrus_lab.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.lab.dovecot import dovecot_submission
from tests.lab.exim import exim
from tests.lab.postfix import USERS, MailLab, mail_lab
from tests.pki import TestPki
from tests.scripted.probing import cause, passed, shown, step
from tests.scripted.probing import run as probe_scripted

pytestmark = pytest.mark.lab
ALICE = "alice@good.test"
AUTH = Plan(until="auth", deadline=30.0)


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[MailLab]:
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        mail_lab(Path(folder), pki) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def dovecot(pki: TestPki, lab: MailLab) -> Iterator[int]:
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        dovecot_submission(Path(folder), pki, lab.ports["relay"]) as port,
    ):
        yield port


@pytest.fixture(scope="module")
def exim_port(pki: TestPki) -> Iterator[int]:
    with TemporaryDirectory(prefix="smtpcheck-lab-") as folder, exim(Path(folder), pki) as port:
        yield port


def log_in(
    port: int,
    pki: TestPki,
    method: str,
    *,
    username: str = ALICE,
    password: str = USERS[ALICE],
    certificate: str = "",
) -> TargetReport:
    """A probe up to the login; with a certificate it has no password."""
    settings: dict[str, dict[str, Any]] = {"server": {"timeout": 10.0}}
    settings["auth"] = {"method": method}
    if username:
        settings["auth"]["username"] = username
    if certificate:
        chain, key = pki.client(certificate)
        settings["tls"] = {"client_cert": str(chain), "client_key": str(key)}
    else:
        settings["auth"]["password"] = {"prompt": True}
    return probe_scripted(port, pki, settings=settings, password=password, plan=AUTH, login=False)


DOVECOT = ("plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256")


@pytest.mark.parametrize("method", DOVECOT)
def test_dovecot_takes_each_mechanism(lab: MailLab, pki: TestPki, method: str) -> None:
    report = log_in(lab.ports["submission"], pki, method)
    assert passed(report), shown(report)
    assert step(report, "auth.login").facts["mechanism"] == method.upper()


@pytest.mark.parametrize("method", ["scram-sha-1", "scram-sha-256"])
def test_dovecot_refuses_a_wrong_password_and_the_cause_is_named(
    lab: MailLab, pki: TestPki, method: str
) -> None:
    report = log_in(lab.ports["submission"], pki, method, password="wrong")
    assert (report.exit_code, cause(report)) == (13, "auth-bad-credentials")
    assert report.diagnoses[0].confidence != "certain"


def test_auto_takes_scram_at_dovecot(lab: MailLab, pki: TestPki) -> None:
    report = log_in(
        lab.ports["submission"], pki, "auto", username="üser@good.test", password="pässwörd"
    )
    assert passed(report), shown(report)
    assert step(report, "auth.login").facts["mechanism"] == "SCRAM-SHA-256"


@pytest.mark.parametrize("method", ["scram-sha-1", "scram-sha-256"])
@pytest.mark.parametrize("password", ["pässwörd", "pa\u0308sswo\u0308rd"])
def test_scram_with_a_password_outside_ascii_at_dovecot(
    lab: MailLab, pki: TestPki, method: str, password: str
) -> None:
    """However its umlauts are composed: SASLprep makes them one (RFC 4013)."""
    report = log_in(
        lab.ports["submission"], pki, method, username="üser@good.test", password=password
    )
    assert passed(report), shown(report)


@pytest.mark.parametrize("method", ["external", "auto"])
def test_dovecot_takes_the_name_from_the_client_certificate(
    dovecot: int, pki: TestPki, method: str
) -> None:
    report = log_in(dovecot, pki, method, username="", certificate=ALICE)
    assert passed(report), shown(report)
    assert step(report, "auth.login").facts["mechanism"] == "EXTERNAL"


def test_dovecot_refuses_a_certificate_of_nobody_it_knows(dovecot: int, pki: TestPki) -> None:
    report = log_in(dovecot, pki, "external", username="", certificate="nobody@good.test")
    assert (report.exit_code, cause(report)) == (13, "auth-certificate-refused")


@pytest.mark.parametrize("method", ["plain", "login", "cram-md5"])
def test_exim_takes_each_mechanism(exim_port: int, pki: TestPki, method: str) -> None:
    report = log_in(exim_port, pki, method)
    assert passed(report), shown(report)
    assert step(report, "auth.login").facts["mechanism"] == method.upper()
    wrong = log_in(exim_port, pki, method, password="wrong")
    assert (wrong.exit_code, cause(wrong)) == (13, "auth-bad-credentials")


def test_exim_cannot_check_ntlmv2_and_it_is_said(exim_port: int, pki: TestPki) -> None:
    pytest.importorskip("spnego", reason="the extra ntlm is not installed")
    report = log_in(exim_port, pki, "ntlm")
    assert (report.exit_code, cause(report)) == (13, "auth-mechanism-unsupported")
    assert report.diagnoses[0].confidence == "likely"


def test_exim_takes_the_name_from_the_client_certificate(exim_port: int, pki: TestPki) -> None:
    report = log_in(exim_port, pki, "external", username="", certificate=ALICE)
    assert passed(report), shown(report)
    other = log_in(exim_port, pki, "external", username="", certificate="bob@good.test")
    assert (other.exit_code, cause(other)) == (13, "auth-certificate-refused")
