"""Addresses, TLS, certificates and capabilities, as the HTML report shows them."""

from __future__ import annotations

from datetime import UTC, datetime

from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Stage
from smtpcheck.model.value import dataclass
from smtpcheck.report.facts import (
    facts_of,
    number_of,
    stage_of,
    table_of,
    tables_of,
    text_of,
    texts_of,
    whole_of,
)
from smtpcheck.report.words import days_left, duration

_SCALE = 1000
_SOON = 30
"""Days; a certificate that runs for less is marked in the drawing, as a hint to the eye alone."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the server, and how connecting to it went."""

    address: str
    family: str
    sources: str
    """Who named it: the system's resolver, DNS, or both."""
    outcome: str
    time: str


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """One certificate, and the line of its time."""

    role: str
    subject: str
    issuer: str
    names: list[str]
    begins: str
    ends: str
    left: str
    state: str
    """`current`, `soon`, `over`, `early`, or empty where its dates are not known."""
    x: int
    width: int
    """Of its time, in thousandths of what is drawn."""
    now: int
    """Where the day of the run stands; -1: not known."""
    details: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Capability:
    """A keyword of EHLO, before TLS and within; None: not offered there."""

    keyword: str
    before: str | None
    within: str | None
    change: str


def addresses_of(seen: Observations) -> list[Address]:
    """The addresses that were found or tried, in the order in which they were tried."""
    dns = stage_of(seen, Stage.DNS)
    system = texts_of(facts_of(dns, "dns.system"), "addresses")
    asked = texts_of(facts_of(dns, "dns.query"), "addresses")
    tcp = stage_of(seen, Stage.TCP)
    tried = {
        text_of(each, "address"): each
        for each in tables_of(facts_of(tcp, "tcp.connect"), "attempts")
    }
    used = text_of(facts_of(tcp, "tcp.connect"), "address")
    made: list[Address] = []
    for address in dict.fromkeys([*tried, *system, *asked]):
        by = (("system", system), ("DNS", asked))
        attempt = tried.get(address, {})
        took = number_of(attempt, "elapsed_ms")
        made.append(
            Address(
                address,
                text_of(attempt, "family") or ("ipv6" if ":" in address else "ipv4"),
                " and ".join(name for name, found in by if address in found) or "the settings",
                _attempt(attempt, is_used=address == used),
                duration(took) if took is not None else "",
            )
        )
    return made


def _attempt(attempt: Facts, *, is_used: bool) -> str:
    if not attempt:
        return "not tried"
    error, number = text_of(attempt, "error"), whole_of(attempt, "errno")
    words = f"{text_of(attempt, 'outcome')}{', used' if is_used else ''}"
    reason = f"{error} (errno {number})" if error and number else error
    return f"{words}: {reason}" if reason else words


def handshake_of(seen: Observations) -> list[tuple[str, str]]:
    """What was agreed on, by name; nothing where no handshake was made."""
    facts = facts_of(stage_of(seen, Stage.TLS), "tls.handshake")
    verified = {True: "yes", False: "no"}.get(bool(facts.get("verified"))) if facts else ""
    said = (
        ("Version", text_of(facts, "version")),
        ("Cipher", text_of(facts, "cipher")),
        ("Name asked for", text_of(facts, "server_name")),
        ("Verified", verified or ""),
        ("Verified against", text_of(facts, "trust").replace("_", " ")),
        ("Failure", text_of(facts, "error.message")),
    )
    return [(name, text) for name, text in said if text]


def certificates_of(seen: Observations, started: str) -> list[CertificateLine]:
    """The chain as it was sent, the server's own certificate first."""
    chain = tables_of(facts_of(stage_of(seen, Stage.TLS), "tls.handshake"), "chain")
    return [_certificate(depth, each, _moment(started)) for depth, each in enumerate(chain)]


def _certificate(depth: int, facts: Facts, now: datetime | None) -> CertificateLine:
    begins, ends = text_of(facts, "not_before"), text_of(facts, "not_after")
    first, last = _moment(begins), _moment(ends)
    days = number_of(facts, "days_left")
    x, width, at = _drawn(first, last, now)
    kept = ("sha256", "serial", "key", "bits", "signature")
    known = [(name, str(facts[name])) for name in kept if facts.get(name)]
    return CertificateLine(
        role="server" if depth == 0 else "root" if facts.get("self_issued") is True else "issuer",
        subject=text_of(facts, "subject"),
        issuer=text_of(facts, "issuer"),
        names=texts_of(facts, "names"),
        begins=begins[:10],
        ends=ends[:10],
        left=days_left(days) if days is not None else "",
        state=_state(first, days, now),
        x=x,
        width=width,
        now=at,
        details=known,
    )


def _state(first: datetime | None, days: float | None, now: datetime | None) -> str:
    if first is None or days is None or now is None:
        return ""
    if now < first:
        return "early"
    return "over" if days < 0 else "soon" if days < _SOON else "current"


def _drawn(
    first: datetime | None, last: datetime | None, now: datetime | None
) -> tuple[int, int, int]:
    """Where the certificate's time begins, how long it is, and where the day of the run stands."""
    if first is None or last is None or now is None or last <= first:
        return 0, 0, -1
    start, end = min(first, now), max(last, now)
    scale = _SCALE / (end - start).total_seconds()
    x, width, at = (
        round(part.total_seconds() * scale) for part in (first - start, last - first, now - start)
    )
    return x, width, at


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def capabilities_of(seen: Observations) -> tuple[list[Capability], bool]:
    """The keywords of both EHLOs in their order, and whether there were two to compare."""
    clear = _extensions(facts_of(stage_of(seen, Stage.TCP), "tcp.ehlo"))
    secure = _extensions(facts_of(stage_of(seen, Stage.TLS), "tls.ehlo"))
    both = clear is not None and secure is not None
    before, within = clear or {}, secure or {}
    made = [
        Capability(name, before.get(name), within.get(name), "")
        for name in dict.fromkeys([*before, *within])
    ]
    if both:
        made = [Capability(c.keyword, c.before, c.within, _change(c)) for c in made]
    return made, both


def _extensions(facts: Facts) -> dict[str, str] | None:
    if "extensions" not in facts:
        return None
    return {name: str(value) for name, value in table_of(facts, "extensions").items()}


def _change(capability: Capability) -> str:
    if capability.before is None:
        return "gained"
    if capability.within is None:
        return "lost"
    return "" if capability.before == capability.within else "changed"
