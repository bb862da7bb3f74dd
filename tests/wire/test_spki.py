"""The public key cut out of a certificate is what a library finds there."""

from __future__ import annotations

import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smtpcheck.wire.spki import spki_of
from tests.pki import TestPki


def der(pki: TestPki, kind: str) -> bytes:
    first = pki.issue(kind).chain.decode().partition("-----END")[0]
    return ssl.PEM_cert_to_DER_cert(f"{first}-----END CERTIFICATE-----\n")


@pytest.mark.parametrize("kind", ["good", "weak-key", "weak-signature", "self-signed", "no-san"])
def test_it_is_that_of_the_library(kind: str, pki: TestPki) -> None:
    whole = der(pki, kind)
    key = x509.load_der_x509_certificate(whole).public_key()
    expected = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki_of(whole) == expected


def test_what_is_cut_or_no_certificate_has_none(pki: TestPki) -> None:
    whole = der(pki, "good")
    cut = [spki_of(whole[:size]) for size in range(len(whole))]
    key = spki_of(whole)
    assert set(cut) <= {b"", key}
    assert spki_of(b"") == spki_of(b"\x30\x84\xff\xff\xff\xff") == spki_of(b"hello") == b""
