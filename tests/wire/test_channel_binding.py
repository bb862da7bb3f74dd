"""The hash that ties a login to the server's certificate (RFC 5929 section 4.1)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from smtpcheck.wire.channel_binding import server_end_point


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
