"""Reads the certificates that a server presented, also after a failed handshake.

`SSLObject` keeps the chain even when its verification failed. Python has shown it through a
private object since 3.10 and publicly since 3.13; the private one also decodes it, which saves
importing `cryptography` (60 to 70 ms) where all is well.
"""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from _ssl import ENCODING_DER
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from smtpcheck.model.certificate import Certificate
from smtpcheck.model.value import dataclass
from smtpcheck.wire.spki import spki_of

_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "streetAddress": "STREET",
    "domainComponent": "DC",
    "userId": "UID",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KEPT = 256
"""Certificates that were read and are kept: many servers show the same intermediate ones, and a
server that is looked at again shows its own."""
_read_before: dict[bytes, Presented] = {}
_MOST = 30
"""Certificates that are looked at; a real chain has 2 to 4."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A certificate with what judging it needs besides."""

    certificate: Certificate
    der: bytes
    subject: Mapping[str, tuple[str, ...]]
    """Values of the subject by short name: `{"CN": ("mail.example.com",)}`."""
    issuer: Mapping[str, tuple[str, ...]]
    ca_issuers: tuple[str, ...] = ()
    """Where the issuer's certificate may be fetched (RFC 5280 section 4.2.2.1)."""


def presented_chain(tls: ssl.SSLObject) -> tuple[Presented, ...]:
    """What the server sent, its own certificate first; empty when none has come."""
    return _chain(tls, "get_unverified_chain")


def built_chain(tls: ssl.SSLObject) -> tuple[Presented, ...]:
    """The path OpenSSL built from the server's certificate towards a trusted one, as far as it
    got; empty when it built none or this Python does not tell."""
    return _chain(tls, "get_verified_chain")


def _chain(tls: ssl.SSLObject, method: str) -> tuple[Presented, ...]:
    for owner in (getattr(tls, "_sslobj", None), tls):
        read = getattr(owner, method, None)
        if read is not None:
            return tuple(_read(item) for item in (read() or ())[:_MOST])
    return ()


def _read(item: Any) -> Presented:
    der = item if isinstance(item, bytes) else item.public_bytes(ENCODING_DER)
    known = _read_before.get(der)
    if known is None:
        if len(_read_before) >= _KEPT:
            _read_before.clear()
        known = _read_before[der] = _read_anew(item, der)
    return known


def _read_anew(item: Any, der: bytes) -> Presented:
    if isinstance(item, bytes):
        return read_der(der)
    try:
        return read_info(item.get_info(), der)
    except (ValueError, ssl.SSLError):  # a date or a name that OpenSSL itself cannot print
        return read_der(der)


def read_info(info: Mapping[str, Any], der: bytes) -> Presented:
    """From the dictionary of `SSLSocket.getpeercert`. Raises ValueError for unreadable dates."""
    subject, issuer = info.get("subject", ()), info.get("issuer", ())
    certificate = Certificate(
        subject=_distinguished(subject),
        issuer=_distinguished(issuer),
        names=tuple(_names(info.get("subjectAltName", ()))),
        not_before=_moment(info["notBefore"]) if "notBefore" in info else None,
        not_after=_moment(info["notAfter"]) if "notAfter" in info else None,
        serial=str(info.get("serialNumber", "")).lower(),
        sha256=hashlib.sha256(der).hexdigest(),
        spki_sha256=_key_digest(der),
        self_issued=subject == issuer,
    )
    urls = tuple(str(url) for url in info.get("caIssuers", ()))
    return Presented(certificate, der, _by_name(subject), _by_name(issuer), urls)


def read_der(der: bytes) -> Presented:
    """The same with `cryptography`; what cannot be read at all keeps its fingerprint."""
    from cryptography import x509

    try:
        read = x509.load_der_x509_certificate(der)
        subject, issuer = _rdns(read.subject), _rdns(read.issuer)
        certificate = Certificate(
            subject=_distinguished(subject),
            issuer=_distinguished(issuer),
            names=tuple(_general_names(read)),
            not_before=read.not_valid_before_utc,
            not_after=read.not_valid_after_utc,
            serial=f"{read.serial_number:x}",
            sha256=hashlib.sha256(der).hexdigest(),
            spki_sha256=_key_digest(der),
            self_issued=read.subject == read.issuer,
        )
    except (ValueError, TypeError, x509.InvalidVersion):
        digest = hashlib.sha256(der).hexdigest()
        unreadable = Certificate(subject="", issuer="", sha256=digest)
        return Presented(unreadable, der, {}, {})
    return Presented(certificate, der, _by_name(subject), _by_name(issuer), _ca_issuers(read))


def _key_digest(der: bytes) -> str:
    key = spki_of(der)
    return hashlib.sha256(key).hexdigest() if key else ""


def normal_fingerprint(text: str) -> str:
    """64 lower-case hex digits, from any usual notation."""
    return text.replace(":", "").replace(" ", "").lower()


def _moment(text: str) -> datetime:
    """`Nov 20 12:00:00 2026 GMT`, as OpenSSL writes it. Raises ValueError for anything else."""
    month, day, clock, year, zone = text.split()
    if zone != "GMT":
        raise ValueError(f"{text} is not in GMT")
    hour, minute, second = map(int, clock.split(":"))
    return datetime(int(year), _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)


def _names(alternatives: Sequence[tuple[str, str]]) -> Sequence[str]:
    found = []
    for kind, value in alternatives:
        if kind == "DNS":
            found.append(value)
        elif kind == "IP Address":
            try:
                found.append(str(ipaddress.ip_address(value.strip())))
            except ValueError:
                found.append(value.strip())
    return found


def _distinguished(rdns: Sequence[Sequence[tuple[str, str]]]) -> str:
    return ",".join(
        "+".join(f"{_SHORT.get(name, name)}={_escape(value)}" for name, value in rdn)
        for rdn in reversed(rdns)
    )


def _escape(value: str) -> str:
    return "".join(f"\\{char}" if char in ',+"\\<>;' else char for char in value)


def _by_name(rdns: Sequence[Sequence[tuple[str, str]]]) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for rdn in rdns:
        for name, value in rdn:
            short = _SHORT.get(name, name)
            values[short] = (*values.get(short, ()), value)
    return values


def _rdns(name: Any) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(
        tuple((part.rfc4514_attribute_name, str(part.value)) for part in rdn) for rdn in name.rdns
    )


def _general_names(certificate: Any) -> Sequence[str]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    addresses = (str(address) for address in found.get_values_for_type(x509.IPAddress))
    return (*found.get_values_for_type(x509.DNSName), *addresses)


def _ca_issuers(certificate: Any) -> tuple[str, ...]:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID as Access

    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    return tuple(
        each.access_location.value
        for each in found.value
        if each.access_method == Access.CA_ISSUERS
        and isinstance(each.access_location, x509.UniformResourceIdentifier)
    )
