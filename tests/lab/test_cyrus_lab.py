"""A login over LMTP that is tied to the TLS connection, at Cyrus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.lab.cyrus import PASSWORD, USER, cyrus_lmtp
from tests.pki import TestPki
from tests.scripted.probing import cause, passed, run, shown, step

pytestmark = pytest.mark.lab
AUTH = Plan(until="auth", deadline=30.0)


@pytest.fixture(scope="module")
def port(pki: TestPki) -> Iterator[int]:
    with TemporaryDirectory(prefix="smtpcheck-lab-") as folder, cyrus_lmtp(Path(folder), pki) as it:
        yield it


def log_in(
    port: int, pki: TestPki, method: str, version: str = "1.2", password: str = PASSWORD
) -> TargetReport:
    settings: dict[str, dict[str, Any]] = {
        "server": {"protocol": "lmtp", "timeout": 10.0},
        "tls": {"max_version": version},
        "auth": {"method": method, "username": USER},
    }
    return run(port, pki, settings=settings, password=password, plan=AUTH)


@pytest.mark.parametrize("method", ["scram-sha-1", "scram-sha-256"])
def test_a_login_is_tied_to_the_connection(port: int, pki: TestPki, method: str) -> None:
    report = log_in(port, pki, method)
    assert passed(report), shown(report)
    facts = step(report, "auth.login").facts
    assert facts["mechanism"] == f"{method.upper()}-PLUS"
    assert isinstance(facts["scram"], dict)
    assert facts["scram"]["channel_binding"] == "tls-unique"
    assert step(report, "tls.ehlo").facts["verb"] == "LHLO"


def test_a_wrong_password_is_told_from_a_wrong_binding(port: int, pki: TestPki) -> None:
    report = log_in(port, pki, "scram-sha-256", password="wrong")
    assert (report.exit_code, cause(report)) == (13, "auth-bad-credentials"), shown(report)


def test_in_tls_1_3_the_kinds_of_binding_differ_and_that_is_named(port: int, pki: TestPki) -> None:
    report = log_in(port, pki, "auto", "1.3")
    assert (report.exit_code, cause(report)) == (13, "auth-channel-binding"), shown(report)
    assert any("tls.max_version" in line for line in report.diagnoses[0].help)


def test_a_login_that_is_not_tied_passes_in_tls_1_3(port: int, pki: TestPki) -> None:
    assert passed(log_in(port, pki, "plain", "1.3"))
