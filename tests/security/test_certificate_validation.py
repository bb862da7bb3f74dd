"""Test 5: a certificate that is not right ends the run inside the handshake, and each fault has a
finding of its own."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from tests.pki import TestPki
from tests.scripted.probing import (
    assert_confined,
    assert_no_login_and_no_mail,
    cause,
    errors_of,
    failed_step,
    passed,
    run,
    shown,
    step,
    taken,
)
from tests.scripted.server import ScriptedServer

FAULTS = {
    "expired": ("cert-expired", ["expired"]),
    "not-yet-valid": ("cert-not-yet-valid", ["not-yet-valid"]),
    "wrong-name": ("cert-hostname-mismatch", ["hostname-mismatch"]),
    "self-signed": ("cert-self-signed", ["self-signed"]),
    "self-signed-in-chain": ("", []),
    "unknown-ca": ("cert-unknown-ca", ["unknown-ca"]),
    "no-intermediate": ("cert-chain-incomplete", ["chain-incomplete"]),
    "expired-intermediate": ("cert-expired", ["expired"]),
    "client-auth-only": ("", ["wrong-purpose"]),
    "no-san": ("cert-without-san", ["no-san"]),
    "weak-key": ("cert-weak-rejected", ["weak-key"]),
    "weak-signature": ("cert-weak-rejected", ["weak-signature"]),
}


def starttls(kind: str) -> str:
    return (
        f"!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls {kind}\n"
        "C: EHLO\nS: 250-mail.example.test | 250 AUTH PLAIN"
    )


def implicit(kind: str) -> str:
    return f"!: tls {kind}\nS: 220 mail.example.test ESMTP\nC: EHLO\nS: 250 mail.example.test"


def problems(facts: Any) -> list[str]:
    return [each["kind"] for each in facts.get("problems", [])]


@pytest.mark.parametrize("kind", list(FAULTS))
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_bad_certificate_ends_the_run_in_the_handshake(
    pki: TestPki, kind: str, security: str
) -> None:
    text = starttls(kind) if security == "starttls" else implicit(kind)
    settings = {"server": {"security": security, "timeout": 1.0}}
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert failed_step(report) == "tls.handshake", taken(report)
    assert report.exit_code == 12
    assert server.tls_received == b""
    assert len(server.connections) == 1
    assert "ALERT" in server.connection.tls_error.upper()
    wanted, kinds = FAULTS[kind]
    found = problems(step(report, "tls.handshake").facts)
    assert set(kinds) <= set(found), found
    if wanted:
        assert cause(report) == wanted
    assert errors_of(report), "a failure without a cause"
    assert_no_login_and_no_mail(server, report)


def test_each_fault_is_told_apart(pki: TestPki) -> None:
    told: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for kind in FAULTS:
        with ScriptedServer(implicit(kind), pki, strict=False) as server:
            report = run(server.port, pki, settings={"server": {"security": "tls"}})
        found = problems(step(report, "tls.handshake").facts)
        told.setdefault((cause(report), tuple(sorted(found))), []).append(kind)
    mixed = {
        kinds: names
        for kinds, names in told.items()
        if len(names) > 1 and set(names) != {"expired", "expired-intermediate"}
    }
    assert not mixed


def test_every_fault_of_one_certificate_is_listed(pki: TestPki) -> None:
    with ScriptedServer(starttls("expired-wrong-name"), pki, strict=False) as server:
        report = run(server.port, pki)
    found = problems(step(report, "tls.handshake").facts)
    assert {"expired", "hostname-mismatch"} <= set(found)
    assert {"cert-expired", "cert-hostname-mismatch"} <= {each.cause for each in errors_of(report)}


def test_an_address_is_not_a_name(pki: TestPki) -> None:
    settings = {"server": {"security": "tls"}, "tls": {"server_name": ""}}
    with ScriptedServer(implicit("no-ip-san"), pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert cause(report) == "cert-hostname-mismatch"
    assert server.connection.server_name == ""
    assert_no_login_and_no_mail(server, report)


def test_the_presented_chain_is_reported_although_it_was_refused(pki: TestPki) -> None:
    with ScriptedServer(implicit("wrong-name"), pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": {"security": "tls"}})
    chain = step(report, "tls.handshake").facts["chain"]
    assert isinstance(chain, list)
    assert len(chain) == 2
    assert "other.example.test" in shown(report)


def test_without_verification_there_is_still_no_login(pki: TestPki) -> None:
    with ScriptedServer(starttls("self-signed"), pki, strict=False) as server:
        report = run(server.port, pki, settings={"tls": {"verify": False}})
    assert failed_step(report) == "auth.choose"
    assert report.exit_code == 13
    assert_no_login_and_no_mail(server, report)


def test_only_a_second_explicit_setting_lets_the_login_leave_and_it_is_reported(
    pki: TestPki,
) -> None:
    text = f"{starttls('self-signed')}\nC: AUTH PLAIN\nS: 235 ok\n!: include parts/envelope.smtp"
    settings = {"tls": {"verify": False}, "auth": {"allow_insecure": True}}
    with ScriptedServer(text, pki) as server:
        report = run(server.port, pki, settings=settings)
        assert passed(report), shown(report)
    assert any("allow_insecure" in note for note in report.notes)
    assert_confined(server, report)


def test_a_certificate_that_only_strict_software_refuses_is_a_warning(pki: TestPki) -> None:
    text = "!: tls no-aki\nS: 220 mail.example.test ESMTP\nC: EHLO\nS: 250 mail.example.test"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": {"security": "tls"}}, login=False)
    handshake = step(report, "tls.handshake")
    assert handshake.outcome == "warned"
    assert problems(handshake.facts) == ["strict-only"]


def test_a_demanded_client_certificate_is_named(pki: TestPki) -> None:
    text = "!: tls good client-cert=required\nS: 220 mail.example.test ESMTP\nC: EHLO\nS: 250 ok"
    for version in ("1.2", "1.3"):
        settings = {"server": {"security": "tls"}, "tls": {"max_version": version}}
        with ScriptedServer(text, pki, strict=False) as server:
            report = run(server.port, pki, settings=settings)
        assert report.exit_code == 12
        assert "client certificate" in shown(report).lower()
        assert errors_of(report)
        assert_no_login_and_no_mail(server, report)


@pytest.mark.parametrize(("low", "high"), [("1.0", "1.0"), ("1.1", "1.1")])
def test_old_versions_are_refused(pki: TestPki, low: str, high: str) -> None:
    if not getattr(ssl, f"HAS_TLSv{low.replace('.', '_').replace('_0', '')}", True):
        pytest.skip("this OpenSSL has no such version")
    text = implicit(f"good min={low} max={high}")
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": {"security": "tls"}})
    assert report.exit_code == 12
    assert cause(report) == "tls-version-mismatch"
    assert server.tls_received == b""
    assert_no_login_and_no_mail(server, report)
