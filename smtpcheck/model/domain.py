"""What is asked about a sender's domain, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass

_STRING = 255
"""Octets of one string of a TXT record (RFC 1035 section 3.3)."""

CHECKS = (
    "spf.record",
    "spf.lookups",
    "spf.end",
    "spf.ptr",
    "spf.provider",
    "spf.source",
    "spf.helo",
    "dkim.key",
    "dmarc.record",
    "dmarc.policy",
    "dmarc.reports",
    "dmarc.alignment",
    "mx.records",
    "mx.host",
    "mx.ipv6",
    "mx.reach",
    "mx.dnssec",
    "mx.submission",
    "tls.mta-sts",
    "tls.tls-rpt",
    "tls.dane",
    "tls.live",
    "reverse.ptr",
    "reverse.helo",
    "lists.entry",
    "lists.address",
)
"""Every check, in the order of the report; that of a DKIM key has its selector behind it."""


class Area(StrEnum):
    """What a check is about, in the order in which a report tells it."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    MX = "mx"
    TLS = "tls-policy"
    REVERSE = "reverse-dns"
    LISTS = "lists"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A record to publish."""

    name: str
    """Without the final dot."""
    type: str
    value: str
    """Of a TXT record the text itself, without quotes."""

    @property
    def line(self) -> str:
        """As a zone file has it; a long text in strings of 255 octets."""
        value = _quoted(self.value) if self.type == "TXT" else self.value
        return f"{self.name}. IN {self.type} {value}"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a domain: what was seen, and whether it is good."""

    name: str
    """`spf.record`; the fact `step` of rules is this with `domain.` before it."""
    area: Area
    outcome: Outcome
    """SKIPPED: nothing to judge, as where something optional is not published."""
    summary: str
    facts: Facts = field(default_factory=dict)
    """`kind` says what is wrong, in one word of docs/facts.md."""
    publish: DnsRecord | None = None
    """The record that mends it, where it can be named."""

    @property
    def kind(self) -> str:
        """What is wrong; empty where nothing is."""
        kind = self.facts.get("kind")
        return kind if isinstance(kind, str) else ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One sender rule of a big receiver, held against the checks."""

    receiver: str
    senders: str
    """Whom it is for: `any sender`."""
    outcome: Outcome
    failed: tuple[str, ...]
    """What the receiver asks for and the domain has not."""
    unknown: tuple[str, ...]
    """What cannot be seen from here."""
    source: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainQuestion:
    """What is to be looked at. The parts that a profile would say are empty without one."""

    domain: str
    """The domain of From, in ASCII, lower case."""
    envelope: str
    """The domain of the envelope sender, which SPF is about."""
    provider: str = ""
    """Title of the provider that sends, for people."""
    spf_include: str = ""
    """What its SPF record must hold: `include:_spf.example.net`."""
    own_envelope: bool = False
    """The provider puts an envelope sender of its own."""
    envelope_known: bool = True
    """Whether that is known; else SPF may be asked of a domain of the provider's."""
    dkim_words: str = ""
    """How mail gets its DKIM signature there."""
    dkim_domain: str = ""
    """d= of the signature, where the profile says so."""
    selectors: tuple[str, ...] = ()
    """Selectors that somebody named: each must have a key."""
    likely_selectors: tuple[str, ...] = ()
    """Selectors of the provider: one of them must have a key."""
    source_ip: str = ""
    helo: str = ""
    server: str = ""
    """`host:port` of the profile; empty without one."""
    direct: bool = False
    """The profile's server sends from an address of the user's own."""


@dataclass(frozen=True, slots=True)
class DomainReport:
    """All that was found out about one domain."""

    question: DomainQuestion
    profile: str | None
    checks: tuple[Check, ...]
    diagnoses: tuple[Diagnosis, ...]
    publish: Mapping[str, tuple[DnsRecord, ...]]
    """The records that mend a cause, by its id."""
    rules: tuple[Judged, ...]
    notes: tuple[str, ...]
    elapsed_ms: float

    @property
    def findings(self) -> tuple[Check, ...]:
        """The checks that are not good."""
        bad = (Outcome.FAILED, Outcome.WARNED)
        return tuple(each for each in self.checks if each.outcome in bad)


def _quoted(text: str) -> str:
    pieces = [text[at : at + _STRING] for at in range(0, len(text), _STRING)] or [""]
    escaped = (piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)
    return " ".join(f'"{piece}"' for piece in escaped)
