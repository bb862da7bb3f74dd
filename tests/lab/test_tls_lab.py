"""`--tls deep` and its words after a failure, against Postfix and GnuTLS set up weak and strict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import TLS_DEEP
from tests.lab.postfix import USERS, MailLab, mail_lab
from tests.lab.tls_servers import gnutls_server
from tests.pki import TestPki
from tests.scripted.probing import cause, errors_of, run, step

pytestmark = pytest.mark.lab
ALICE = "alice@good.test"
_GNUTLS = (
    "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:+3DES-CBC:+ARCFOUR-128:+RSA:+DHE-RSA:+ANON-ECDH:+ANON-DH"
    ":+NULL:%VERIFY_ALLOW_BROKEN:+SIGN-RSA-SHA1"
)


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[MailLab]:
    # Not below pytest's own folder: Postfix' user must be able to pass through it.
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        mail_lab(Path(folder), pki) as running,
    ):
        yield running


def look(lab: MailLab, pki: TestPki, service: str, **more: Any) -> TargetReport:
    security = "tls" if service == "submissions" else "starttls"
    return run(
        lab.ports[service],
        pki,
        settings={
            "server": {"timeout": 10.0, "security": security},
            "auth": {"username": ALICE, "password": {"prompt": True}},
        },
        password=USERS[ALICE],
        plan=Plan(deadline=40.0, until="auth", tls="deep"),
        **more,
    )


def facts(report: TargetReport, name: str) -> dict[str, Any]:
    return dict(step(report, name).facts)


def causes(report: TargetReport) -> set[str]:
    return {each.cause for each in report.diagnoses}


def test_a_weak_postfix_is_told_with_all_its_weaknesses_and_passes(
    lab: MailLab, pki: TestPki
) -> None:
    report = look(lab, pki, "weak-tls")
    assert report.exit_code == 0
    assert facts(report, "tls.versions")["versions"] == ["1.0", "1.1", "1.2", "1.3"]
    weak = {each["weakness"] for each in facts(report, "tls.ciphers")["weak"]}
    assert weak == {"null", "anonymous"}
    assert facts(report, "tls.groups")["weak"] == ["secp192r1"]
    assert facts(report, "tls.features")["fallback_signal"] is True
    assert facts(report, "tls.sessions")["resumed"] is True
    commands = facts(report, "tls.commands")
    assert commands["auth_in_clear"], "smtpd_tls_auth_only is off"
    assert commands["injection"] == "discarded"
    assert commands["mail_in_clear"]["code"] == 250, "smtpd_tls_security_level is may"
    assert {
        "tls-legacy-version-offered",
        "tls-weak-cipher-offered",
        "tls-anonymous-cipher-offered",
        "tls-weak-group-offered",
        "auth-offered-in-clear",
    } <= causes(report)
    assert {each.severity.value for each in report.diagnoses} == {"warning"}


def test_a_strict_postfix_has_no_weakness_at_all(lab: MailLab, pki: TestPki) -> None:
    report = look(lab, pki, "strict-tls")
    assert (report.exit_code, report.diagnoses) == (0, ())
    assert facts(report, "tls.versions")["versions"] == ["1.2", "1.3"]
    assert facts(report, "tls.ciphers")["weak"] == []
    assert facts(report, "tls.ciphers")["forward_secrecy"] == "always"
    assert facts(report, "tls.features")["secure_renegotiation"] is True
    assert facts(report, "tls.groups")["weak"] == []
    sessions = facts(report, "tls.sessions")
    assert (sessions["early_data"], sessions["renegotiation"]) == (0, "refused")
    assert sum(facts(report, name)["connections"] for name in TLS_DEEP) <= 21
    assert facts(report, "tls.commands")["auth_in_clear"] == []
    assert facts(report, "tls.commands")["injection"] == "discarded"
    assert facts(report, "tls.commands")["mail_in_clear"]["code"] == 530


def test_postfix_as_it_comes_still_takes_old_versions_over_implicit_tls(
    lab: MailLab, pki: TestPki
) -> None:
    report = look(lab, pki, "submissions")
    assert report.exit_code == 0
    assert facts(report, "tls.versions")["versions"] == ["1.0", "1.1", "1.2", "1.3"]
    assert "tls-legacy-version-offered" in causes(report)
    assert "tls-weak-cipher-offered" not in causes(report)


def test_the_server_s_own_log_knows_of_no_login_but_the_run_s(lab: MailLab, pki: TestPki) -> None:
    before = lab.log.read_text().count("sasl_username")
    look(lab, pki, "strict-tls")
    assert "postfix/strict-tls/smtpd" in lab.log.read_text()
    assert lab.log.read_text().count("sasl_username") == before
    assert "sasl_method" not in lab.log.read_text().partition("postfix/strict-tls")[2]


def test_a_postfix_that_stayed_behind_is_described_in_words(lab: MailLab, pki: TestPki) -> None:
    report = look(lab, pki, "old-tls", experiments=True)
    assert (report.exit_code, cause(report)) == (12, "tls-version-mismatch")
    assert errors_of(report)[0].why == (
        "the server speaks TLS 1.0 and 1.1; the profile allows TLS 1.2 and newer"
    )
    assert facts(report, "tls.versions")["versions"] == ["1.0", "1.1"]


def test_ciphers_that_the_library_here_does_not_have_are_found_all_the_same(
    pki: TestPki, tmp_path: Path
) -> None:
    with gnutls_server(tmp_path, pki, _GNUTLS) as port:
        report = run(
            port,
            pki,
            settings={"server": {"security": "tls", "timeout": 0.5}, "tls": {"verify": False}},
            plan=Plan(deadline=20.0, until="tls", tls="deep"),
            login=False,
        )
    assert facts(report, "tls.versions")["versions"][:3] == ["1.0", "1.1", "1.2"]
    weak = {each["weakness"] for each in facts(report, "tls.ciphers")["weak"]}
    assert weak >= {"rc4", "3des", "null"}
    assert sum(facts(report, name)["connections"] for name in TLS_DEEP) <= 40


def test_a_server_of_rc4_alone_is_named_with_it(pki: TestPki, tmp_path: Path) -> None:
    priority = "NONE:+VERS-TLS1.2:+ARCFOUR-128:+SHA1:+ECDHE-RSA:+GROUP-ALL:+COMP-NULL:+SIGN-ALL"
    with gnutls_server(tmp_path, pki, priority) as port:
        report = run(
            port,
            pki,
            settings={"server": {"security": "tls", "timeout": 1.0}},
            plan=Plan(deadline=20.0, until="tls"),
            login=False,
            experiments=True,
        )
    assert (report.exit_code, cause(report)) == (12, "tls-no-shared-cipher")
    why = errors_of(report)[0].why
    assert "it chooses ECDHE-RSA-RC4-SHA over " in why
    assert "which no client should use (RC4: the key stream leaks what is said)" in why
