"""`--tls deep` against real TLS servers: what each step sees, and what none of them ever does."""

from __future__ import annotations

import ssl

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.stage import TLS_DEEP
from tests.pki import TestPki
from tests.probe.deep_looking import (
    ALLOW_CLIENT_RENEGOTIATION,
    DEEP,
    HARMLESS,
    STARTTLS,
    causes,
    facts,
    look,
)
from tests.probe.starttls_server import starttls_server
from tests.scripted.probing import run, step
from tests.scripted.server import ScriptedServer


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_sound_server_has_no_weakness_and_is_told_step_by_step(
    pki: TestPki, security: str
) -> None:
    report = look(pki, "good ciphers=DEFAULT", security=security)
    assert (report.exit_code, report.diagnoses) == (0, ())
    assert facts(report, "tls.versions")["versions"] == ["1.2", "1.3"]
    assert facts(report, "tls.versions")["offers"] == "TLS 1.2 and 1.3"
    ciphers = facts(report, "tls.ciphers")
    assert (ciphers["weak"], ciphers["forward_secrecy"]) == ([], "always")
    features = facts(report, "tls.features")
    assert features["secure_renegotiation"] is True
    assert features["extended_master_secret"] is True
    assert features["compression"] is False
    assert features["fallback_signal"] is True
    assert features["downgrade_sentinel"] is True
    assert facts(report, "tls.versions")["not_tested"] == [
        "SSL 2: no server without TLS 1.0 takes it"
    ]
    groups = facts(report, "tls.groups")
    assert (groups["preferred"], groups["preference"]) == ("x25519", "server")
    assert (groups["weak"], groups["unusual"]) == ([], [])
    sessions = facts(report, "tls.sessions")
    assert (sessions["resumed"], sessions["early_data"]) == (True, 0)
    assert sessions["renegotiation"] == "refused"
    assert facts(report, "tls.chains")["kinds"] == ["ecdsa"]
    assert sum(facts(report, name)["connections"] for name in TLS_DEEP) <= 22


def test_a_normal_run_connects_once_and_has_none_of_the_steps(pki: TestPki) -> None:
    with ScriptedServer(STARTTLS.format("good"), pki, strict=False) as server:
        report = run(server.port, pki, plan=Plan(until="ehlo"), login=False)
    assert len(server.connections) == 1
    taken = {each.step for stage in report.observations.stages for each in stage.steps}
    assert not taken & set(TLS_DEEP)


@pytest.mark.parametrize(
    ("options", "versions", "words"),
    [
        ("min=1.0 max=1.2", ["1.0", "1.1", "1.2"], "TLS 1.0, 1.1 and 1.2"),
        ("min=1.1 max=1.3", ["1.1", "1.2", "1.3"], "TLS 1.1, 1.2 and 1.3"),
        ("min=1.3", ["1.3"], "TLS 1.3 only"),
        ("max=1.2", ["1.2"], "TLS 1.2 only"),
    ],
)
def test_all_versions_are_found_whatever_the_library_here_allows(
    pki: TestPki, options: str, versions: list[str], words: str
) -> None:
    report = look(pki, f"good {options}")
    assert facts(report, "tls.versions")["versions"] == versions
    assert step(report, "tls.versions").summary == words
    assert report.exit_code == 0
    old = [each for each in versions if each < "1.2"]
    assert ("tls-legacy-version-offered" in causes(report)) == bool(old)


def test_a_server_that_lets_clients_renegotiate_is_named(pki: TestPki) -> None:
    context = pki.context("good", {"ciphers": "DEFAULT"})
    before = context.options
    context.options |= ALLOW_CLIENT_RENEGOTIATION
    try:
        report = look(pki, "good ciphers=DEFAULT")
    finally:
        context.options = before
    assert facts(report, "tls.sessions")["renegotiation"] == "accepted"
    assert causes(report) == {"tls-client-renegotiation"}
    assert report.exit_code == 0


def test_a_server_that_keeps_no_session_is_told_without_a_warning(pki: TestPki) -> None:
    context = pki.context("good", {"ciphers": "DEFAULT"})
    before, tickets = context.options, context.num_tickets
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    try:
        report = look(pki, "good ciphers=DEFAULT")
    finally:
        context.options, context.num_tickets = before, tickets
    assert facts(report, "tls.sessions")["resumed"] is False
    assert report.diagnoses == ()


def test_a_server_of_tls_1_3_alone_is_looked_at_behind_its_encryption(pki: TestPki) -> None:
    report = look(pki, "good min=1.3")
    features = facts(report, "tls.features")
    assert (features["stapling"], features["must_staple"]) == (False, False)
    assert facts(report, "tls.sessions")["renegotiation"] == "impossible"
    assert facts(report, "tls.issuance")["issuer"] == "smtpcheck tests"
    assert report.diagnoses == ()
    report = look(pki, "good min=1.3 curve=secp384r1")
    assert facts(report, "tls.features")["not_tested"] == ["OCSP stapling: handshake_failure"]


def test_weak_suites_are_named_and_are_warnings_alone(pki: TestPki) -> None:
    weak = "ciphers=NULL-SHA256:AECDH-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    report = look(pki, f"weak-key max=1.2 {weak}", settings={"tls": {"verify": False}})
    assert report.exit_code == 0
    found = {each["weakness"]: each["cipher"] for each in facts(report, "tls.ciphers")["weak"]}
    assert found == {"null": "NULL-SHA256", "anonymous": "AECDH-AES128-SHA"}
    assert {"tls-weak-cipher-offered", "tls-anonymous-cipher-offered"} <= causes(report)
    assert {each.severity.value for each in report.diagnoses} == {"warning"}


def test_a_server_without_forward_secrecy_is_named(pki: TestPki) -> None:
    settings = {"tls": {"verify": False, "min_version": "1.0"}}
    report = look(pki, "weak-key max=1.2 ciphers=AES128-SHA:@SECLEVEL=0", settings=settings)
    assert facts(report, "tls.ciphers")["forward_secrecy"] == "never"
    assert "tls-no-forward-secrecy" in causes(report)


def test_a_small_diffie_hellman_group_is_named(pki: TestPki) -> None:
    settings = {"tls": {"verify": False}}
    ciphers = "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    report = look(pki, f"weak-key max=1.2 ciphers={ciphers} dh=small", settings=settings)
    assert facts(report, "tls.ciphers")["dh_bits"] == 1024
    told = next(each for each in report.diagnoses if each.cause == "tls-dh-key-too-small")
    assert (told.severity.value, report.exit_code) == ("warning", 0)
    assert "1024 bits" in told.why


def test_signatures_by_sha_1_are_named(pki: TestPki) -> None:
    assert "tls-sha1-signature" in causes(look(pki, "good max=1.2"))
    assert "tls-sha1-signature" not in causes(look(pki, "good max=1.2 ciphers=DEFAULT"))


def test_the_server_that_keeps_to_the_client_s_order_is_told_from_one_that_does_not(
    pki: TestPki,
) -> None:
    report = look(pki, "good max=1.2 ciphers=DEFAULT")
    context = pki.context("good", {"max": "1.2", "ciphers": "DEFAULT"})
    assert facts(report, "tls.ciphers")["preference"] == "server"
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        report = look(pki, "good max=1.2 ciphers=DEFAULT")
    finally:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    assert facts(report, "tls.ciphers")["preference"] == "client"


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("discards", "discarded"),
        ("refuses", "refused"),
        ("answers-in-clear", "answered-in-clear"),
        ("answers-late", "answered-in-clear"),
        ("carries-in", "carried-into-tls"),
    ],
)
def test_a_command_behind_starttls_is_seen_to_be_discarded_or_carried_in(
    pki: TestPki, way: str, told: str
) -> None:
    with starttls_server(pki.context("good", {"ciphers": "DEFAULT"}), way) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert facts(report, "tls.commands")["injection"] == told
    assert ("starttls-command-injection" in causes(report)) == (way == "carries-in")
    assert report.exit_code == 0
    assert {line.removeprefix("TLS ").split(" ")[0] for line in server.said} <= HARMLESS


def test_what_a_server_takes_without_tls_is_told(pki: TestPki) -> None:
    context = pki.context("good", {"ciphers": "DEFAULT"})
    with starttls_server(context, auth=True, mail="250 2.1.0 Ok") as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    told = facts(report, "tls.commands")
    assert told["auth_in_clear"] == ["PLAIN", "LOGIN"]
    assert told["mail_in_clear"]["code"] == 250
    assert "auth-offered-in-clear" in causes(report)
    with starttls_server(context) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert facts(report, "tls.commands")["mail_in_clear"]["code"] == 530
    assert report.diagnoses == ()
