"""What ties a login to a TLS connection, or to the server's certificate (RFC 5929)."""

from __future__ import annotations

import contextlib
import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from smtpcheck.sandbox.certificates import Authority, CertificateKind
from smtpcheck.sandbox.tls_context import server_context
from smtpcheck.wire.channel_binding import binding_of, server_end_point


def certificate(algorithm: Any) -> bytes:
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm
        else ed25519.Ed25519PrivateKey.generate()
    )
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
    )
    return built.sign(key, algorithm).public_bytes(Encoding.DER)


@pytest.mark.parametrize("name", ["SHA256", "SHA384", "SHA512", "SHA3_256"])
def test_the_hash_is_the_one_of_the_signature(name: str) -> None:
    der = certificate(getattr(hashes, name)())
    found = server_end_point(der)
    assert found is not None
    assert found.kind == "tls-server-end-point"
    assert found.data == hashlib.new(name.lower(), der).digest()


def test_sha_1_is_replaced() -> None:
    from unittest.mock import Mock, patch

    loaded = Mock(signature_hash_algorithm=Mock())
    loaded.signature_hash_algorithm.name = "sha1"
    with patch("cryptography.x509.load_der_x509_certificate", return_value=loaded):
        found = server_end_point(b"a certificate")
    assert found is not None
    assert found.data == hashlib.sha256(b"a certificate").digest()


def test_where_no_hash_is_defined_there_is_no_binding() -> None:
    assert server_end_point(certificate(None)) is None
    assert server_end_point(b"no certificate") is None


@pytest.mark.parametrize(
    ("version", "kind"), [("1.2", "tls-unique"), ("1.3", "tls-server-end-point")]
)
def test_each_version_of_tls_has_its_binding(version: str, kind: str) -> None:
    here, there = connected(version)
    if version == "1.3" and "tls-exporter" in ssl.CHANNEL_BINDING_TYPES:
        kind = "tls-exporter"
    found = binding_of(here)
    assert found is not None
    assert found.kind == kind
    if kind == "tls-unique":
        assert found.data == there.get_channel_binding("tls-unique")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_by_certificate_there_is_one_binding_in_every_version(version: str) -> None:
    here, _ = connected(version)
    found = binding_of(here, by_certificate=True)
    assert found is not None
    assert found == server_end_point(here.getpeercert(binary_form=True) or b"")


def connected(version: str) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Client and server of a TLS connection in memory."""
    issued = Authority(("localhost",)).issue(CertificateKind.GOOD)
    number = ssl.TLSVersion.TLSv1_2 if version == "1.2" else ssl.TLSVersion.TLSv1_3
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = number
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = context.wrap_bio(down, up)
    there = server_context(issued, tls_min="1.2", tls_max="1.3").wrap_bio(
        up, down, server_side=True
    )
    for _ in range(4):
        for side in (here, there):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    assert here.version() == f"TLSv{version}"
    return here, there
