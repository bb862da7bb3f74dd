"""How a certificate came to be: its CA, the logs that vouch for it (RFC 6962), whether it demands
an OCSP response (RFC 7633), and whether CAA records let its CA issue the next (RFC 8659)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from smtpcheck.model.value import dataclass

MUST_STAPLE: Final = bytes.fromhex("06082b06010505070118")
"""OID of the certificate extension TLS Feature (RFC 7633), as it stands in DER."""
_CRITICAL: Final = 128
_KNOWN_TAGS: Final = ("issue", "issuewild", "issuemail", "issuevmc", "iodef", "contactemail")
_CAS: Final = {
    "let's encrypt": ("letsencrypt.org",),
    "google trust services": ("pki.goog",),
    "digicert": ("digicert.com", "symantec.com", "thawte.com", "geotrust.com", "rapidssl.com"),
    "thawte": ("digicert.com", "thawte.com"),
    "geotrust": ("digicert.com", "geotrust.com"),
    "sectigo": ("sectigo.com", "comodoca.com", "comodo.com", "usertrust.com", "entrust.net"),
    "comodo": ("sectigo.com", "comodoca.com", "comodo.com", "usertrust.com"),
    "zerossl": ("sectigo.com", "zerossl.com"),
    "globalsign": ("globalsign.com",),
    "amazon": ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"),
    "godaddy": ("godaddy.com", "starfieldtech.com"),
    "starfield": ("starfieldtech.com", "godaddy.com"),
    "entrust": ("entrust.net", "affirmtrust.com", "sectigo.com"),
    "ssl corp": ("ssl.com",),
    "buypass": ("buypass.com", "buypass.no"),
    "identrust": ("identrust.com",),
    "swisssign": ("swisssign.com", "swisssign.net"),
    "d-trust": ("d-trust.net", "dtrust.de"),
    "harica": ("harica.gr",),
    "hellenic academic": ("harica.gr",),
    "asseco": ("certum.pl", "certum.eu"),
    "actalis": ("actalis.it",),
    "deutsche telekom": ("telesec.de",),
    "microsoft corporation": ("microsoft.com",),
}
"""What big CAs call themselves, and the names by which CAA records mean them, as their practice
statements say."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What a certificate says of its making."""

    issuer: str
    """Organization of the CA; its common name where it gives none."""
    timestamps: int
    """Signed certificate timestamps that it carries; 0 also where they cannot be read."""
    must_staple: bool


@dataclass(frozen=True, slots=True)
class CaaRecord:
    """One record."""

    flags: int
    tag: str
    value: str


def read_issue(der: bytes) -> Issue | None:
    """What a certificate says; None where it cannot be read."""
    from cryptography import x509

    try:
        read = x509.load_der_x509_certificate(der)
        issuer = _issuer(read.issuer)
    except (ValueError, TypeError, x509.InvalidVersion):
        return None
    try:
        found = read.extensions.get_extension_for_class(
            x509.PrecertificateSignedCertificateTimestamps
        )
        timestamps = len(list(found.value))
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        timestamps = 0
    return Issue(issuer, timestamps, MUST_STAPLE in der)


def forbidden(issuer: str, records: Sequence[CaaRecord], *, wildcard: bool) -> bool | None:
    """Whether these records keep the CA from issuing such a certificate again; None where it is not
    known here by which name a record would mean the CA. `wildcard`: the name has an asterisk."""
    unknown = any(
        each.flags & _CRITICAL and each.tag.lower() not in _KNOWN_TAGS for each in records
    )
    named = _named(records, "issuewild") if wildcard else None
    if named is None:
        named = _named(records, "issue")
    if unknown or named == []:
        return True
    if named is None:
        return False
    words = issuer.lower()
    meant = next((names for known, names in _CAS.items() if known in words), None)
    return None if meant is None else not set(meant) & set(named)


def allowed(records: Sequence[CaaRecord]) -> list[str]:
    """The CAs that `issue` names, in the records' order; empty where it names none."""
    return _named(records, "issue") or []


def _named(records: Sequence[CaaRecord], tag: str) -> list[str] | None:
    """CAs without parameters; `;` alone names nobody. None: there is no such record."""
    values = [each.value for each in records if each.tag.lower() == tag]
    names = [value.partition(";")[0].strip().lower().removesuffix(".") for value in values]
    return [name for name in dict.fromkeys(names) if name] if values else None


def _issuer(name: object) -> str:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    if not isinstance(name, x509.Name):
        return ""
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        found = name.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)
    return ""
