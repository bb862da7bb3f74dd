"""A certificate as a server presented it, and what is wrong with one."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One X.509 certificate (RFC 5280). Every text in it was written by whoever issued it."""

    subject: str
    """Distinguished name, most specific part first (RFC 4514): `CN=mail.example.com,O=Example`."""
    issuer: str
    names: tuple[str, ...] = ()
    """DNS names and IP addresses of subjectAltName; a common name is none (RFC 9525)."""
    not_before: datetime | None = None
    """None where the date cannot be read."""
    not_after: datetime | None = None
    serial: str = ""
    """Hex digits."""
    sha256: str = ""
    """Fingerprint: SHA-256 of the DER form, 64 hex digits."""
    spki_sha256: str = ""
    """SHA-256 of the public key alone (SubjectPublicKeyInfo), as DANE has it."""
    self_issued: bool = False
    """Whether subject and issuer are the same name."""
    key: str = ""
    """Kind of public key: `RSA`, `EC`, ...; empty without a closer look."""
    bits: int = 0
    """Size of the public key; 0 without a closer look."""
    signature: str = ""
    """Hash under the issuer's signature: `sha256`; empty without a closer look."""

    def days_left(self, now: datetime) -> int | None:
        """Whole days until it expires, negative when it has; None where the date is unreadable."""
        if self.not_after is None:
            return None
        return int((self.not_after - now).total_seconds() // _DAY)

    def facts(self, now: datetime) -> dict[str, Json]:
        """As an entry of the fact `chain`."""
        facts: dict[str, Json] = {
            "subject": self.subject,
            "issuer": self.issuer,
            "names": list(self.names),
            "not_before": rfc3339(self.not_before),
            "not_after": rfc3339(self.not_after),
            "days_left": self.days_left(now),
            "serial": self.serial,
            "sha256": self.sha256,
            "self_issued": self.self_issued,
        }
        if self.spki_sha256:
            facts["spki_sha256"] = self.spki_sha256
        if self.key:
            facts |= {"key": self.key, "bits": self.bits, "signature": self.signature}
        return facts


def rfc3339(moment: datetime | None) -> str:
    """UTC, to the second: `2026-11-20T12:00:00Z`; empty for None."""
    if moment is None:
        return ""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class CertificateProblemKind(StrEnum):
    """What can be wrong with a certificate or its chain."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    HOSTNAME_MISMATCH = "hostname-mismatch"
    SELF_SIGNED = "self-signed"
    SELF_SIGNED_IN_CHAIN = "self-signed-in-chain"
    """A root that is sent along, and that nothing here trusts."""
    UNKNOWN_CA = "unknown-ca"
    CHAIN_INCOMPLETE = "chain-incomplete"
    WRONG_PURPOSE = "wrong-purpose"
    WEAK_KEY = "weak-key"
    WEAK_SIGNATURE = "weak-signature"
    NO_SAN = "no-san"
    REVOKED = "revoked"
    FINGERPRINT_MISMATCH = "fingerprint-mismatch"
    STRICT_ONLY = "strict-only"
    """Passes now, fails where RFC 5280 is held to the letter (Python 3.13 and newer)."""
    EXPIRES_SOON = "expires-soon"
    EMPTY_TRUST_STORE = "empty-trust-store"
    """A fault of this machine, not of the server."""
    INSPECTION = "inspection"
    """The issuer is a product that opens TLS on the way."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateProblem:
    """One thing that is wrong with one certificate."""

    kind: CertificateProblemKind
    depth: int | None = None
    """0 is the server's own certificate, 1 its issuer's; None: no one certificate."""
    subject: str = ""
    issuer: str = ""
    not_after: str = ""
    """RFC 3339; with `not-yet-valid` the end too, its beginning is in `detail`."""
    days: int | None = None
    """Days that it has been expired, that it still runs, or until it begins; never negative."""
    names: tuple[str, ...] = ()
    """What the certificate is good for."""
    wanted: str = ""
    """The name or fingerprint it should have had."""
    detail: str = ""

    def facts(self) -> dict[str, Json]:
        """As an entry of the fact `problems`, without what does not apply."""
        facts: dict[str, Json] = {"kind": self.kind.value}
        if self.depth is not None:
            facts["depth"] = self.depth
        facts |= {
            name: value
            for name, value in (
                ("subject", self.subject),
                ("issuer", self.issuer),
                ("not_after", self.not_after),
                ("wanted", self.wanted),
                ("detail", self.detail),
            )
            if value
        }
        if self.days is not None:
            facts["days"] = self.days
        if self.names or self.wanted:
            facts["names"] = list(self.names)
        return facts
