"""Certificates made on the spot: a private CA, and good and bad leaves under it."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_SHA256_WITH_RSA = bytes.fromhex("06092a864886f70d01010b")
_SHA1_WITH_RSA = bytes.fromhex("06092a864886f70d010105")


class CertificateKind(StrEnum):
    """What is right or wrong with a server's certificate."""

    GOOD = "good"
    EXPIRED = "expired"
    EXPIRES_SOON = "expires-soon"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_NAME = "wrong-name"
    EXPIRED_WRONG_NAME = "expired-wrong-name"
    SELF_SIGNED = "self-signed"
    SELF_SIGNED_IN_CHAIN = "self-signed-in-chain"
    """An unknown root, sent along."""
    UNKNOWN_CA = "unknown-ca"
    NO_INTERMEDIATE = "no-intermediate"
    EXPIRED_INTERMEDIATE = "expired-intermediate"
    CLIENT_AUTH_ONLY = "client-auth-only"
    NO_SAN = "no-san"
    """Only a common name, as before RFC 2818 was replaced by RFC 9525."""
    NO_IP_SAN = "no-ip-san"
    """Names, but no address."""
    NO_AKI = "no-aki"
    """Fails only under X509_V_FLAG_X509_STRICT."""
    WEAK_KEY = "weak-key"
    """RSA of 1024 bits."""
    WEAK_SIGNATURE = "weak-signature"
    """Signed with SHA-1."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What a server presents: PEM certificates, leaf first, and the PEM key of the leaf."""

    chain: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How one leaf is to differ from a good one."""

    names: Sequence[str]
    start: dt.timedelta = dt.timedelta(days=-1)
    end: dt.timedelta = dt.timedelta(days=90)
    purpose: str = "server"
    san: bool = True
    authority_key: bool = True


@dataclass(frozen=True, slots=True)
class _Party:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key


class Authority:
    """A CA for tests: a root, an intermediate, and leaves for `names` (host names and addresses).

    Everything is made in memory with EC keys; a leaf is made when it is first asked for.
    """

    def __init__(self, names: Sequence[str], title: str = "smtpcheck sandbox") -> None:
        self._names = tuple(names)
        self._title = title
        self._now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self._root = self._certify_ca(f"{title} root", None)
        self._intermediate = self._certify_ca(f"{title} intermediate", self._root)
        self._made: dict[CertificateKind, Issued] = {}

    @property
    def root_pem(self) -> bytes:
        """The certificate that a client must trust, PEM."""
        return _pem(self._root)

    def issue(self, kind: CertificateKind) -> Issued:
        """The chain and key of this kind, the same each time."""
        if kind not in self._made:
            self._made[kind] = self._issue(kind)
        return self._made[kind]

    def issue_client(self, name: str) -> Issued:
        """A certificate with which a client shows that it is `name`."""
        wanted = _Wanted((name,), purpose="client", san=False)
        return _issued(self._certify(wanted, self._intermediate), self._intermediate)

    def _issue(self, kind: CertificateKind) -> Issued:
        special: dict[CertificateKind, Callable[[], Issued]] = {
            CertificateKind.SELF_SIGNED: self._self_signed,
            CertificateKind.SELF_SIGNED_IN_CHAIN: lambda: self._foreign(with_root=True),
            CertificateKind.UNKNOWN_CA: lambda: self._foreign(with_root=False),
            CertificateKind.EXPIRED_INTERMEDIATE: self._expired_intermediate,
            CertificateKind.WEAK_KEY: self._weak_key,
            CertificateKind.WEAK_SIGNATURE: self._weak_signature,
        }
        if kind in special:
            return special[kind]()
        leaf = self._certify(self._wanted(kind), self._intermediate)
        if kind is CertificateKind.NO_INTERMEDIATE:
            return _issued(leaf)
        return _issued(leaf, self._intermediate)

    def _wanted(self, kind: CertificateKind) -> _Wanted:
        day = dt.timedelta(days=1)
        good = _Wanted(self._names)
        past = replace(good, start=-100 * day, end=-10 * day)
        other = ("other.example.test",)
        changed = {
            CertificateKind.EXPIRED: past,
            CertificateKind.EXPIRES_SOON: replace(good, end=5 * day),
            CertificateKind.NOT_YET_VALID: replace(good, start=10 * day),
            CertificateKind.WRONG_NAME: replace(good, names=other),
            CertificateKind.EXPIRED_WRONG_NAME: replace(past, names=other),
            CertificateKind.CLIENT_AUTH_ONLY: replace(good, purpose="client"),
            CertificateKind.NO_SAN: replace(good, san=False),
            CertificateKind.NO_IP_SAN: replace(
                good, names=[name for name in self._names if not _is_address(name)]
            ),
            CertificateKind.NO_AKI: replace(good, authority_key=False),
        }
        return changed.get(kind, good)

    def _self_signed(self) -> Issued:
        return _issued(self._certify(_Wanted(self._names), None))

    def _foreign(self, *, with_root: bool) -> Issued:
        root = self._certify_ca("another root", None)
        intermediate = self._certify_ca("another intermediate", root)
        leaf = self._certify(_Wanted(self._names), intermediate)
        return _issued(leaf, intermediate, *([root] if with_root else []))

    def _expired_intermediate(self) -> Issued:
        intermediate = self._certify_ca(
            f"{self._title} old intermediate", self._root, end=dt.timedelta(days=-2)
        )
        return _issued(self._certify(_Wanted(self._names), intermediate), intermediate)

    def _weak_key(self) -> Issued:
        leaf = self._certify(_Wanted(self._names), self._intermediate, key=_rsa(1024))
        return _issued(leaf, self._intermediate)

    def _weak_signature(self) -> Issued:
        intermediate = self._certify_ca(
            f"{self._title} old-fashioned intermediate", self._root, key=_rsa(2048)
        )
        leaf = self._certify(_Wanted(self._names), intermediate)
        weak = _Party(_signed_with_sha1(leaf.certificate, intermediate.key), leaf.key)
        return _issued(weak, intermediate)

    def _certify_ca(
        self,
        name: str,
        issuer: _Party | None,
        *,
        end: dt.timedelta = dt.timedelta(days=365),
        key: Key | None = None,
    ) -> _Party:
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        key = key or _ec()
        builder = self._begin(name, issuer, key, dt.timedelta(days=-200), end)
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        ).add_extension(_usage(ca=True), critical=True)
        if issuer:
            builder = builder.add_extension(_authority_key(issuer), critical=False)
        return _Party(builder.sign((issuer.key if issuer else key), SHA256()), key)

    def _certify(self, wanted: _Wanted, issuer: _Party | None, key: Key | None = None) -> _Party:
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

        key = key or _ec()
        purpose = Purpose.CLIENT_AUTH if wanted.purpose == "client" else Purpose.SERVER_AUTH
        builder = (
            self._begin(wanted.names[0], issuer, key, wanted.start, wanted.end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        )
        if wanted.san:
            names = [_general_name(name) for name in wanted.names]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if issuer and wanted.authority_key:
            builder = builder.add_extension(_authority_key(issuer), critical=False)
        return _Party(builder.sign((issuer.key if issuer else key), SHA256()), key)

    def _begin(
        self, name: str, issuer: _Party | None, key: Key, start: dt.timedelta, end: dt.timedelta
    ) -> x509.CertificateBuilder:
        from cryptography import x509
        from cryptography.x509.oid import NameOID

        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self._title),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now + start)
            .not_valid_after(self._now + end)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        )


def _issued(*parties: _Party) -> Issued:
    from cryptography.hazmat.primitives import serialization

    key = parties[0].key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Issued(b"".join(_pem(party) for party in parties), key)


def _pem(party: _Party) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return party.certificate.public_bytes(Encoding.PEM)


def _ec() -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _rsa(bits: int) -> rsa.RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, bits)  # 1024 only for the kind that must be refused


def _usage(*, ca: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key(issuer: _Party) -> x509.AuthorityKeyIdentifier:
    from cryptography import x509

    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _general_name(name: str) -> x509.GeneralName:
    from cryptography import x509

    if _is_address(name):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)


def _signed_with_sha1(certificate: x509.Certificate, key: Key) -> x509.Certificate:
    """The same certificate under a SHA-1 signature, which `cryptography` does not make."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA1

    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - the caller has just made it
    body = certificate.tbs_certificate_bytes.replace(_SHA256_WITH_RSA, _SHA1_WITH_RSA)
    signature = key.sign(body, padding.PKCS1v15(), SHA1())  # noqa: S303 - it is meant to be weak
    algorithm = _der(0x30, _SHA1_WITH_RSA + b"\x05\x00")
    return x509.load_der_x509_certificate(
        _der(0x30, body + algorithm + _der(0x03, b"\x00" + signature))
    )


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(octets)]) + octets + content
