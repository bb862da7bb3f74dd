"""LMTP with AUTH (RFC 2033 section 4, RFC 4954): the same login as over SMTP, behind LHLO."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.report import TargetReport
from tests.pki import TestPki
from tests.scripted.probing import assert_confined, cause, failed_step, passed, run, shown, step
from tests.scripted.server import ScriptedServer

BOB, CAROL = "bob@example.test", "carol@example.test"
IN_TLS = (
    "S: 220 mail.example.test LMTP\nC: LHLO\nS: 250-mail.example.test | 250 STARTTLS\n"
    "C: STARTTLS\nS: 220 go\n!: tls good\n"
    "C: LHLO\nS: 250-mail.example.test | 250-AUTH {} | 250 8BITMIME\n"
)
REST = (
    "C: MAIL\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: DATA\nS: 354 go\n!: body\n"
    "S: 250 2.0.0 one Saved | 250 2.0.0 two Saved\nC: QUIT\nS: 221 bye\n"
)


def probe(pki: TestPki, text: str, *, security: str = "starttls", **auth: Any) -> TargetReport:
    settings: dict[str, dict[str, Any]] = {
        "server": {"protocol": "lmtp", "security": security, "timeout": 0.6},
        "test": {"to": [BOB, CAROL]},
        "auth": auth,
    }
    with ScriptedServer(text, pki, strict=False) as played:
        report = run(played.port, pki, settings=settings)
        played.wait(0.5)
    assert not played.deviations, played.deviations
    assert_confined(played, report)
    return report


@pytest.mark.parametrize(
    ("mechanism", "exchange"),
    [
        ("PLAIN", "C: AUTH PLAIN *\nS: 235 2.7.0 ok\n"),
        (
            "LOGIN",
            "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS: 334 UGFzc3dvcmQ6\nC: *\nS: 235 ok\n",
        ),
    ],
)
def test_the_login_comes_behind_the_second_lhlo_and_the_mail_behind_the_login(
    pki: TestPki, mechanism: str, exchange: str
) -> None:
    report = probe(pki, IN_TLS.format(mechanism) + exchange + REST)
    assert passed(report), shown(report)
    assert step(report, "tls.ehlo").facts["verb"] == "LHLO"
    assert step(report, "auth.login").facts["mechanism"] == mechanism
    assert step(report, "send.message").facts["accepted"] == [BOB, CAROL]


def test_a_refused_login_is_told_as_over_smtp(pki: TestPki) -> None:
    text = IN_TLS.format("PLAIN") + "C: AUTH PLAIN *\nS: 535 5.7.8 Error: authentication failed\n"
    report = probe(pki, text + "C: QUIT\nS: 221 bye\n")
    assert (report.exit_code, failed_step(report)) == (13, "auth.login")
    assert cause(report) == "auth-bad-credentials"


def test_without_tls_no_password_leaves(pki: TestPki) -> None:
    text = "S: 220 x LMTP\nC: LHLO\nS: 250-x | 250 AUTH PLAIN\nC: QUIT\nS: 221 bye\n"
    report = probe(pki, text, security="none")
    assert (report.exit_code, failed_step(report)) == (13, "auth.choose")
    assert cause(report) == "auth-plaintext-over-insecure"


def test_an_lmtp_server_that_takes_no_login_is_told(pki: TestPki) -> None:
    text = IN_TLS.replace(" | 250-AUTH {}", "") + "C: QUIT\nS: 221 bye\n"
    report = probe(pki, text)
    assert (report.exit_code, failed_step(report)) == (13, "auth.choose")
    assert cause(report) == "auth-not-offered"
