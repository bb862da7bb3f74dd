"""A closer look at certificates with `cryptography`: keys, signatures, purposes.

Imported only after something went wrong: `cryptography` costs 60 to 70 ms, and OpenSSL has already
refused what is weak wherever all went well.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from smtpcheck.model.value import dataclass

_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "server authentication",
    ExtendedKeyUsageOID.CLIENT_AUTH: "client authentication",
    ExtendedKeyUsageOID.CODE_SIGNING: "code signing",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "e-mail protection",
    ExtendedKeyUsageOID.TIME_STAMPING: "time stamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP signing",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any purpose",
}
_BROKEN_HASHES = {"md2", "md4", "md5", "sha1"}
_MIN_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}
_UNREADABLE = (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True)
class Detail:
    """What a certificate says of its key, its signature and its use."""

    key: str
    """`RSA`, `EC`, `DSA`, `Ed25519`, `Ed448`, or `other`."""
    bits: int
    signature: str
    """Hash under the signature (`sha256`), or the OID of the algorithm where it is unknown."""
    misuse: str
    """Why it may not stand for a TLS server, in words; empty when it may."""

    @property
    def weak_key(self) -> bool:
        """Whether the key is below 112 bits of security (RFC 9325 section 4.5)."""
        return 0 < self.bits < _MIN_BITS.get(self.key, 0)

    @property
    def weak_signature(self) -> bool:
        """Whether the hash under the signature is broken (RFC 9155)."""
        return self.signature in _BROKEN_HASHES


def look_closer(der: bytes) -> Detail | None:
    """The details of one certificate; None where it cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key, bits = _key(certificate)
        return Detail(key, bits, _signature(certificate), _misuse(certificate))
    except _UNREADABLE:
        return None


def signed_by(der: bytes, issuer: bytes) -> bool:
    """Whether `issuer` is named as the issuer and its key made the signature; True where that
    cannot be computed here."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        above = x509.load_der_x509_certificate(issuer)
        if certificate.issuer != above.subject:
            return False
        certificate.verify_directly_issued_by(above)
    except InvalidSignature:
        return False
    except _UNREADABLE:
        return True
    return True


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    try:
        key = certificate.public_key()
    except _UNREADABLE:
        return "other", 0
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519", 256
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448", 456
    return "other", 0


def _signature(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid
    try:
        algorithm = certificate.signature_hash_algorithm
    except _UNREADABLE:
        return oid.dotted_string
    if algorithm is not None:
        return algorithm.name
    return {"1.3.101.112": "ed25519", "1.3.101.113": "ed448"}.get(
        oid.dotted_string, oid.dotted_string
    )


def _misuse(certificate: x509.Certificate) -> str:
    try:
        extensions = certificate.extensions
    except (*_UNREADABLE, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ""
    try:
        purposes = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH]
    if ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        named = ", ".join(_PURPOSES.get(oid, oid.dotted_string) for oid in purposes)
        return f"extended key usage allows {named}, not server authentication"
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return ""
    if usage.digital_signature or usage.key_encipherment or usage.key_agreement:
        return ""
    return "key usage allows neither digital signature nor key exchange"
