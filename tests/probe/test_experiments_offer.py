"""What a server does take, said in words where a handshake fails by version or cipher."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.observation import ExperimentResult
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.tls_versions import allowed_in_words, gap, in_words
from tests.pki import TestPki
from tests.scripted.probing import cause, errors_of, run
from tests.scripted.server import ScriptedServer

STARTTLS = """
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 STARTTLS
C: STARTTLS
S: 220 go
!: tls {}
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: QUIT
S: 221 bye
"""
IMPLICIT = """
!: tls {}
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250 mail.example.test
C: QUIT
S: 221 bye
"""


def probe(
    pki: TestPki, tls: str, *, security: str = "starttls", **settings: Any
) -> tuple[TargetReport, ScriptedServer]:
    script = (STARTTLS if security == "starttls" else IMPLICIT).format(tls)
    tables = {"server": {"security": security}, "tls": settings}
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings=tables, experiments=True)
    for connection in server.connections:
        assert set(connection.verbs()) <= {"EHLO", "STARTTLS", "QUIT"}, connection.lines
    # The run's own connection, and those of the experiments.
    assert len(server.connections) <= 9
    return report, server


def offer_of(report: TargetReport) -> ExperimentResult:
    return next(each for each in report.observations.experiments if each.name == "tls-offer")


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("server", "settings", "why"),
    [
        (
            "min=1.0 max=1.0",
            {},
            "the server speaks TLS 1.0 only; the profile allows TLS 1.2 and newer",
        ),
        (
            "min=1.0 max=1.1",
            {"min_version": "1.3"},
            "the server speaks TLS 1.0 and 1.1; the profile allows TLS 1.3 only",
        ),
        (
            "min=1.2 max=1.3",
            {"min_version": "1.0", "max_version": "1.1"},
            "the server speaks TLS 1.2 and 1.3; the profile allows TLS 1.0 to 1.1",
        ),
        (
            "min=1.3 max=1.3",
            {"max_version": "1.2"},
            "the server speaks TLS 1.3 only; the profile allows TLS 1.2 only",
        ),
    ],
)
def test_both_sides_versions_are_said_in_words(
    pki: TestPki, security: str, server: str, settings: dict[str, Any], why: str
) -> None:
    report, _ = probe(pki, f"good {server}", security=security, **settings)
    assert (report.exit_code, cause(report)) == (12, "tls-version-mismatch")
    assert errors_of(report)[0].why == why


def test_a_cipher_that_no_client_offers_is_named_with_what_is_wrong_with_it(pki: TestPki) -> None:
    report, _ = probe(pki, "weak-key max=1.2 ciphers=NULL-SHA256:@SECLEVEL=0")
    assert cause(report) == "tls-no-shared-cipher"
    assert "it chooses NULL-SHA256, which no client should use" in errors_of(report)[0].why
    assert offer_of(report).facts["weakness"] == "null"
    assert errors_of(report)[0].changes == ()


def test_an_old_cipher_is_named_with_the_server_s_version(pki: TestPki) -> None:
    report, _ = probe(pki, "good max=1.2 ciphers=ECDHE-ECDSA-AES128-SHA")
    assert cause(report) == "tls-no-shared-cipher"
    assert errors_of(report)[0].why == (
        "the server speaks TLS 1.2 only, and of all cipher suites that there are it chooses "
        "ECDHE-ECDSA-AES128-SHA over x25519; nothing that is offered here suits it"
    )


def test_a_group_that_is_not_offered_here_is_found(pki: TestPki) -> None:
    report, _ = probe(
        pki, "weak-key max=1.2 curve=brainpoolP512r1 ciphers=ECDHE+AESGCM:@SECLEVEL=0"
    )
    assert cause(report) == "tls-no-shared-cipher"
    assert offer_of(report).facts["group"] == "brainpoolP512r1"
    assert "over brainpoolP512r1" in errors_of(report)[0].why


def test_the_size_of_a_group_that_is_too_small_is_said(pki: TestPki) -> None:
    ciphers = "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    report, _ = probe(pki, f"weak-key max=1.2 dh=small ciphers={ciphers}", verify=False)
    assert cause(report) == "tls-dh-key-too-small"
    assert "1024 bits" in errors_of(report)[0].why


def test_a_server_that_refuses_everything_is_told_so(pki: TestPki) -> None:
    refuse = STARTTLS.partition("!: tls")[0] + r"!: bytes \x15\x03\x01\0\x02\x02\x28" + "\n!: close"
    with ScriptedServer(refuse, pki, strict=False) as server:
        report = run(server.port, pki, experiments=True)
    made = offer_of(report)
    assert made.outcome is Outcome.FAILED
    assert "refuses every version and cipher suite" in made.summary
    assert cause(report) == "tls-no-shared-cipher"


def test_a_certificate_fault_asks_for_no_offer(pki: TestPki) -> None:
    report, _ = probe(pki, "expired")
    assert "tls-offer" not in [each.name for each in report.observations.experiments]


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ([], "no version of TLS"),
        (["1.0"], "TLS 1.0 only"),
        (["ssl3"], "SSL 3.0 only"),
        (["1.2", "1.1"], "TLS 1.1 and 1.2"),
        (["1.0", "ssl3", "1.2"], "SSL 3.0, TLS 1.0 and 1.2"),
    ],
)
def test_versions_read_as_people_say_them(versions: list[str], words: str) -> None:
    assert in_words(versions) == words


def test_what_is_allowed_and_the_gap_read_as_people_say_them() -> None:
    assert allowed_in_words("1.2", "1.3") == "TLS 1.2 and newer"
    assert allowed_in_words("1.3", "1.3") == "TLS 1.3 only"
    assert allowed_in_words("1.0", "1.2") == "TLS 1.0 to 1.2"
    assert gap(["1.0", "1.1"], "1.2", "1.3") == "older"
    assert gap(["1.3"], "1.0", "1.2") == "newer"
    assert gap(["1.0", "1.3"], "1.2", "1.3") == "none"
    assert gap([], "1.2", "1.3") == "none"
