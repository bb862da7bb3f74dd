"""Each TLS setting of a profile does what it says, against a real TLS server on loopback."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.errors import ProfileError
from smtpcheck.model.report import TargetReport
from smtpcheck.store.profile_reader import profile_from_settings
from tests.pki import TestPki
from tests.scripted.probing import (
    PASSWORD,
    assert_confined,
    assert_no_login_and_no_mail,
    cause,
    failed_step,
    run,
    shown,
    step,
)
from tests.scripted.server import ScriptedServer

VERSIONS = ("1.0", "1.1", "1.2", "1.3")
NAMES = {"1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3"}
IMPLICIT = """
!: tls {}
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: AUTH PLAIN *
S: 235 ok
!: include parts/envelope.smtp
"""
PHRASE = "open sesame"


def probe(
    pki: TestPki, tls: str, settings: dict[str, Any], **more: Any
) -> tuple[TargetReport, ScriptedServer]:
    """Probes a server with TLS from the first byte, of the given kind and options."""
    tables = {"server": {"security": "tls"}, "tls": settings, **more.pop("tables", {})}
    with ScriptedServer(IMPLICIT.format(tls), pki, strict=False) as server:
        report = run(server.port, pki, settings=tables, **more)
        server.wait()
    return report, server


def digest(pki: TestPki, kind: str) -> str:
    leaf = pki.issue(kind).chain.decode().split("-----END")[0]
    der = ssl.PEM_cert_to_DER_cert(f"{leaf}-----END CERTIFICATE-----\n")
    return hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("server", VERSIONS)
@pytest.mark.parametrize(("low", "high"), list(combinations_with_replacement(VERSIONS, 2)))
def test_a_version_is_agreed_when_it_is_allowed_and_only_then(
    pki: TestPki, low: str, high: str, server: str
) -> None:
    report, spoken = probe(
        pki,
        f"good min={server} max={server}",
        {"min_version": low, "max_version": high},
        login=False,
        experiments=not low <= server <= high,
    )
    if low <= server <= high:
        assert step(report, "tls.handshake").facts["version"] == NAMES[server]
        assert step(report, "tls.handshake").facts["verified"] is True
    else:
        assert (report.exit_code, cause(report)) == (12, "tls-version-mismatch")
        assert f"the server speaks TLS {server} only; the profile allows" in report.diagnoses[0].why
        assert spoken.connections[0].tls_received == b""


@pytest.mark.parametrize(("low", "high"), list(combinations_with_replacement(VERSIONS, 2)))
def test_the_newest_version_that_both_allow_is_agreed(pki: TestPki, low: str, high: str) -> None:
    settings = {"min_version": low, "max_version": high}
    report, _ = probe(pki, "good min=1.0 max=1.3", settings, login=False)
    assert step(report, "tls.handshake").facts["version"] == NAMES[high]


def test_an_old_version_that_is_allowed_is_a_warning_and_does_not_weaken_the_check(
    pki: TestPki,
) -> None:
    report, _ = probe(pki, "good min=1.0 max=1.0", {"min_version": "1.0"})
    assert report.exit_code == 0
    assert "tls-version-outdated" in [each.cause for each in report.diagnoses]
    report, spoken = probe(pki, "unknown-ca min=1.0 max=1.0", {"min_version": "1.0"})
    assert cause(report) == "cert-unknown-ca"
    assert_no_login_and_no_mail(spoken, report)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nA\n", None])
def test_a_ca_file_that_cannot_be_used_ends_the_run_before_anything_is_said(
    pki: TestPki, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    report, server = probe(pki, "good", {"ca_file": str(path)})
    assert (report.exit_code, cause(report)) == (12, "tls-local-config")
    error = step(report, "tls.handshake").facts["error"]
    assert isinstance(error, dict)
    assert error["reason"] == "ca-file"
    assert str(path) in shown(report)
    assert server.received == b""


def test_a_ca_file_takes_the_place_of_the_systems_store(
    pki: TestPki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pki.ca_file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    other, _ = pki.write("self-signed")
    report, _ = probe(pki, "good", {"ca_file": str(other)})
    assert cause(report) in ("cert-unknown-ca", "cert-self-signed", "cert-chain-incomplete")
    report, _ = probe(pki, "good", {"ca_file": ""}, login=False)
    assert step(report, "tls.handshake").facts["trust"] == "store"
    assert step(report, "tls.handshake").facts["verified"] is True


def test_the_systems_store_alone_does_not_trust_a_private_ca(
    pki: TestPki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, _ = pki.write("self-signed")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    report, server = probe(pki, "good", {"ca_file": ""})
    assert report.exit_code == 12
    assert_no_login_and_no_mail(server, report)


@pytest.fixture(scope="module")
def locked_key(pki: TestPki) -> tuple[str, str]:
    certificate, key = pki.write("client-auth-only")
    path = pki.folder / "locked.key"
    command = ["openssl", "pkcs8", "-topk8", "-v2", "aes128", "-passout", f"pass:{PHRASE}"]
    subprocess.run([*command, "-in", str(key), "-out", str(path)], check=True, capture_output=True)
    return str(certificate), str(path)


@pytest.mark.parametrize("source", ["env", "file", "command"])
def test_the_pass_phrase_of_the_key_comes_from_any_source_of_secrets(
    pki: TestPki,
    locked_key: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
) -> None:
    monkeypatch.setenv("KEY_PHRASE", PHRASE)
    path = tmp_path / "phrase"
    path.touch(mode=0o600)
    path.write_text(PHRASE)
    given = {"env": "KEY_PHRASE", "file": str(path), "command": ["printf", "%s", PHRASE]}[source]
    settings = {
        "client_cert": locked_key[0],
        "client_key": locked_key[1],
        "client_key_password": {source: given},
    }
    report, _ = probe(pki, "good client-cert=required", settings, login=False)
    assert step(report, "tls.handshake").facts["client_cert_requested"] is True
    assert step(report, "tls.greeting").outcome == "passed"
    if source != "command":  # the words of a command are the user's own
        assert PHRASE not in shown(report)


def test_a_wrong_pass_phrase_is_named_and_shown_nowhere(
    pki: TestPki, locked_key: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_PHRASE", "xyzzy-canary")
    settings = {
        "client_cert": locked_key[0],
        "client_key": locked_key[1],
        "client_key_password": {"env": "KEY_PHRASE"},
    }
    report, server = probe(pki, "good client-cert=required", settings)
    assert (report.exit_code, cause(report)) == (12, "tls-local-config")
    assert "tls.client_key_password does not open" in shown(report)
    assert "xyzzy-canary" not in shown(report)
    assert server.received == b""


@pytest.mark.parametrize("missing", ["variable", "setting"])
def test_a_missing_pass_phrase_is_named(
    pki: TestPki, locked_key: tuple[str, str], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv("KEY_PHRASE", raising=False)
    settings: dict[str, Any] = {"client_cert": locked_key[0], "client_key": locked_key[1]}
    if missing == "variable":
        settings["client_key_password"] = {"env": "KEY_PHRASE"}
    report, server = probe(pki, "good client-cert=required", settings)
    assert (report.exit_code, cause(report)) == (12, "tls-local-config")
    assert ("KEY_PHRASE" if missing == "variable" else "is not set") in shown(report)
    assert server.received == b""


def keys_refused(**settings: str) -> list[str]:
    """The keys that the reader of profiles complains of."""
    with pytest.raises(ProfileError) as refused:
        profile_from_settings(
            {"server": {"host": "mail.example.test"}, "tls": settings}, environment={}
        )
    return [each.key for each in refused.value.problems]


def test_settings_that_contradict_each_other_are_refused_before_anything_is_said() -> None:
    assert keys_refused(client_cert="/a.pem") == ["tls.client_cert"]
    assert keys_refused(client_key="/a.key") == ["tls.client_key"]
    assert keys_refused(min_version="1.3", max_version="1.2") == ["tls.min_version"]


def test_a_client_certificate_logs_in_where_one_is_required(pki: TestPki) -> None:
    certificate, key = map(str, pki.write("client-auth-only"))
    settings = {"client_cert": certificate, "client_key": key}
    for version in ("1.2", "1.3"):
        report, _ = probe(pki, f"good client-cert=required max={version}", settings)
        assert report.exit_code == 0, shown(report)


@pytest.mark.parametrize("kind", ["self-signed", "expired-wrong-name", "unknown-ca"])
def test_a_pinned_certificate_is_verified_whatever_its_chain_and_is_logged_in_to(
    pki: TestPki, kind: str
) -> None:
    report, server = probe(pki, kind, {"fingerprint": digest(pki, kind)})
    assert report.exit_code == 0, shown(report)
    facts = step(report, "tls.handshake").facts
    assert (facts["verified"], facts["trust"]) == (True, "fingerprint")
    assert facts["waived"]
    assert b"AUTH PLAIN" in server.tls_received


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("insecure", [True, False])
def test_another_certificate_than_the_pinned_one_gets_no_login(
    pki: TestPki, verify: bool, insecure: bool
) -> None:
    settings = {"fingerprint": digest(pki, "self-signed"), "verify": verify}
    tables = {"auth": {"allow_insecure": insecure}}
    report, server = probe(pki, "good", settings, tables=tables)
    assert failed_step(report) == "tls.handshake"
    assert "cert-fingerprint-mismatch" in [each.cause for each in report.diagnoses]
    assert_no_login_and_no_mail(server, report)


def test_no_verification_gets_a_login_with_a_second_explicit_setting_alone(pki: TestPki) -> None:
    report, server = probe(pki, "self-signed", {"verify": False})
    assert failed_step(report) == "auth.choose"
    assert_no_login_and_no_mail(server, report)
    tables = {"auth": {"allow_insecure": True}}
    report, server = probe(pki, "self-signed", {"verify": False}, tables=tables)
    assert report.exit_code == 0
    assert PASSWORD.encode() not in server.plain_received
    assert any("allow_insecure" in note for note in report.notes)
    assert_confined(server, report)


def test_the_name_that_is_set_is_sent_and_verified_in_place_of_the_host(pki: TestPki) -> None:
    report, server = probe(pki, "good", {"server_name": "localhost"}, login=False)
    assert server.connection.server_name == "localhost"
    assert step(report, "tls.handshake").facts["server_name"] == "localhost"
    report, _ = probe(pki, "good", {"server_name": "other.example.test"})
    assert cause(report) == "cert-hostname-mismatch"
    report, _ = probe(pki, "wrong-name", {"server_name": "other.example.test"}, login=False)
    assert step(report, "tls.handshake").facts["verified"] is True
