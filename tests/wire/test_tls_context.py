"""The context of a policy, and every fault of this machine that stands against it."""

from __future__ import annotations

import os
import ssl
import subprocess
import weakref
from pathlib import Path

import pytest

from smtpcheck.model.secret import SecretUnavailableError
from smtpcheck.wire.tls_context import LocalTlsFault, TlsContext, TlsPolicy, make_context
from tests.pki import TestPki
from tests.wire.tls_peer import Peer, context_for, converse, session_for


def fault_of(**settings: object) -> LocalTlsFault:
    made = make_context(TlsPolicy(**settings))  # type: ignore[arg-type]
    assert isinstance(made, LocalTlsFault), made
    return made


@pytest.fixture(scope="module")
def encrypted_key(pki: TestPki) -> Path:
    _, key = pki.write("client-auth-only")
    path = pki.folder / "encrypted.key"
    command = ["openssl", "pkcs8", "-topk8", "-v2", "aes128", "-passout", "pass:open sesame"]
    subprocess.run([*command, "-in", str(key), "-out", str(path)], check=True, capture_output=True)
    return path


def test_the_default_is_verified_tls_1_2_and_newer_with_the_systems_store() -> None:
    made = make_context(TlsPolicy())
    assert isinstance(made, TlsContext)
    context = made.ssl_context
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.maximum_version is ssl.TLSVersion.TLSv1_3
    assert not context.hostname_checks_common_name
    assert (made.trust, made.verifies) == ("store", True)
    # The same on every Python: 3.13 would add VERIFY_X509_STRICT of its own accord.
    flags = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    assert context.verify_flags == flags


def test_the_systems_store_is_counted(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pki.ca_file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    store = context_for().store
    assert (store.count, store.source, store.usable) == (1, "SSL_CERT_FILE", True)


def test_a_folder_of_hashed_certificates_is_no_empty_store(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = ["openssl", "x509", "-noout", "-hash", "-in", str(pki.ca_file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (tmp_path / f"{done.stdout.strip()}.0").write_bytes(pki.ca_file.read_bytes())
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    context = context_for()
    assert context.store.usable
    session = session_for(context)
    converse(session, Peer(pki.context("good")))
    assert session.verified


def test_a_missing_ca_file() -> None:
    fault = fault_of(ca_file="/nonexistent/ca.pem")
    assert fault.kind == "ca-file"
    assert fault.message == "tls.ca_file: /nonexistent/ca.pem does not exist"


def test_a_folder_is_no_ca_file(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in fault_of(ca_file=str(tmp_path)).message


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_ca_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.touch(mode=0)
    assert "cannot be read: Permission denied" in fault_of(ca_file=str(path)).message


def test_a_ca_file_in_der_gets_the_command_that_converts_it(pki: TestPki, tmp_path: Path) -> None:
    path = tmp_path / "ca.der"
    path.write_bytes(ssl.PEM_cert_to_DER_cert(pki.ca_file.read_text()))
    fault = fault_of(ca_file=str(path))
    assert fault.kind == "ca-file"
    assert "openssl x509 -inform der" in fault.message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no certificate\n",
        b"-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_ca_file_without_a_certificate(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    fault = fault_of(ca_file=str(path))
    assert fault.kind == "ca-file"
    assert str(path) in fault.message


def test_versions_the_wrong_way_round() -> None:
    fault = fault_of(min_version="1.3", max_version="1.2")
    assert fault == LocalTlsFault("version", "tls.min_version 1.3 is above tls.max_version 1.2")


def test_an_old_version_brings_ciphers_that_it_can_use() -> None:
    context = context_for(min_version="1.0").ssl_context
    assert context.security_level == 0
    assert any(cipher["protocol"] in ("TLSv1.0", "SSLv3") for cipher in context.get_ciphers())
    assert context_for(min_version="1.2").ssl_context.security_level >= 2


def test_a_client_certificate_with_its_key_in_one_file(pki: TestPki, tmp_path: Path) -> None:
    issued = pki.issue("client-auth-only")
    path = tmp_path / "both.pem"
    path.write_bytes(issued.chain + issued.key)
    assert isinstance(make_context(TlsPolicy(client_cert=str(path))), TlsContext)


def test_a_missing_client_certificate_and_key(pki: TestPki) -> None:
    certificate, key = map(str, pki.write("client-auth-only"))
    assert fault_of(client_cert="/nonexistent", client_key=key).kind == "client-cert"
    assert fault_of(client_cert=certificate, client_key="/nonexistent").kind == "client-key"
    assert fault_of(client_cert=certificate).kind == "client-key"
    assert fault_of(client_key=key).kind == "client-cert"
    assert fault_of(client_cert=key, client_key=key).kind == "client-cert"


def test_a_key_of_another_certificate(pki: TestPki) -> None:
    certificate, _ = pki.write("client-auth-only")
    _, key = pki.write("good")
    fault = fault_of(client_cert=str(certificate), client_key=str(key))
    assert fault.kind == "client-key"
    assert "does not belong to" in fault.message


def test_an_encrypted_key_opens_with_its_pass_phrase(pki: TestPki, encrypted_key: Path) -> None:
    certificate, _ = pki.write("client-auth-only")
    made = make_context(
        TlsPolicy(
            client_cert=str(certificate),
            client_key=str(encrypted_key),
            key_password=lambda: b"open sesame",
        )
    )
    assert isinstance(made, TlsContext)


def test_an_encrypted_key_without_pass_phrase_asks_nobody(
    pki: TestPki, encrypted_key: Path
) -> None:
    certificate, _ = pki.write("client-auth-only")
    fault = fault_of(client_cert=str(certificate), client_key=str(encrypted_key))
    assert fault.kind == "key-password"
    assert "tls.client_key_password is not set" in fault.message


def test_a_wrong_pass_phrase_is_told_and_not_shown(pki: TestPki, encrypted_key: Path) -> None:
    certificate, _ = pki.write("client-auth-only")
    for phrase in (b"xyzzy", b"x" * 2000):
        fault = fault_of(
            client_cert=str(certificate),
            client_key=str(encrypted_key),
            key_password=lambda given=phrase: given,
        )
        assert fault.kind == "key-password"
        assert phrase.decode() not in fault.message


def test_a_pass_phrase_that_cannot_be_had(pki: TestPki, encrypted_key: Path) -> None:
    certificate, _ = pki.write("client-auth-only")

    def locked() -> bytes:
        raise SecretUnavailableError("the keyring is locked", "locked")

    fault = fault_of(
        client_cert=str(certificate), client_key=str(encrypted_key), key_password=locked
    )
    assert fault == LocalTlsFault("key-password", "tls.client_key_password: the keyring is locked")


def test_the_pass_phrase_is_not_asked_for_a_key_in_clear(pki: TestPki) -> None:
    certificate, key = pki.write("client-auth-only")

    def never() -> bytes:
        raise AssertionError("asked")

    policy = TlsPolicy(client_cert=str(certificate), client_key=str(key), key_password=never)
    assert isinstance(make_context(policy), TlsContext)


def test_one_context_serves_sessions_that_overlap(pki: TestPki) -> None:
    context = context_for(pki.ca_file)
    one, two = session_for(context), session_for(context, "other.example.test")
    asking = Peer(pki.context("good", {"client-cert": "required"}))
    first, second = one.start(), two.start()
    two.receive(Peer(pki.context("wrong-name")).answer(second))
    one.receive(asking.answer(first))
    assert one.handshake_facts()["client_cert_requested"] is True
    assert two.handshake_facts()["client_cert_requested"] is False
    assert two.verified


def test_a_context_keeps_no_session_that_is_over(pki: TestPki) -> None:
    context = context_for(pki.ca_file)
    session = session_for(context)
    converse(session, Peer(pki.context("good")))
    assert session.verified
    over = weakref.ref(session)
    del session
    assert over() is None
    assert len(context._watches) == 0
