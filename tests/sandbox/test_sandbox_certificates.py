"""Certificates of every kind, as OpenSSL judges them."""

from __future__ import annotations

import ssl

import pytest

from smtpcheck.sandbox.certificates import Authority, CertificateKind
from smtpcheck.sandbox.tls_context import ANYTHING_GOES, server_context

CODES = {
    CertificateKind.GOOD: 0,
    CertificateKind.EXPIRES_SOON: 0,
    CertificateKind.EXPIRED: 10,
    CertificateKind.NOT_YET_VALID: 9,
    CertificateKind.WRONG_NAME: 62,
    CertificateKind.EXPIRED_WRONG_NAME: 62,
    CertificateKind.SELF_SIGNED: 18,
    CertificateKind.SELF_SIGNED_IN_CHAIN: 19,
    CertificateKind.UNKNOWN_CA: 20,
    CertificateKind.NO_INTERMEDIATE: 20,
    CertificateKind.EXPIRED_INTERMEDIATE: 10,
    CertificateKind.CLIENT_AUTH_ONLY: 26,
    CertificateKind.NO_SAN: 62,
    CertificateKind.NO_IP_SAN: 0,
    CertificateKind.NO_AKI: 85,
    CertificateKind.WEAK_KEY: 66,
    CertificateKind.WEAK_SIGNATURE: 68,
}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(["mail.example.test", "127.0.0.1"])


def verify_code(authority: Authority, kind: CertificateKind, name: str) -> int:
    """OpenSSL's code for what a strict client finds; 0 for nothing."""
    context = ssl.create_default_context(cadata=authority.root_pem.decode())
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname=name)
    serving = server_context(authority.issue(kind), ciphers=ANYTHING_GOES)
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for each in (client, server):
            try:
                each.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_code
    return 0


@pytest.mark.parametrize("kind", list(CertificateKind))
def test_each_kind_has_its_fault_and_no_other(authority: Authority, kind: CertificateKind) -> None:
    assert verify_code(authority, kind, "mail.example.test") == CODES[kind]


def test_an_address_is_in_the_good_certificate_alone(authority: Authority) -> None:
    assert verify_code(authority, CertificateKind.GOOD, "127.0.0.1") == 0
    assert verify_code(authority, CertificateKind.NO_IP_SAN, "127.0.0.1") == 64


def test_the_same_kind_is_the_same_certificate(authority: Authority) -> None:
    assert authority.issue(CertificateKind.GOOD) is authority.issue(CertificateKind.GOOD)
