"""How a check says what it has found."""

from __future__ import annotations

from smtpcheck.model.domain import Area, Check, DnsRecord
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome

_AREAS = {
    "spf": Area.SPF,
    "dkim": Area.DKIM,
    "dmarc": Area.DMARC,
    "mx": Area.MX,
    "tls": Area.TLS,
    "reverse": Area.REVERSE,
    "lists": Area.LISTS,
}


def good(name: str, summary: str, /, **facts: Json) -> Check:
    """Nothing is wrong. The area is the first word of the check's name."""
    return _made(name, Outcome.PASSED, summary, facts)


def noted(name: str, summary: str, /, **facts: Json) -> Check:
    """There is nothing to judge."""
    return _made(name, Outcome.SKIPPED, summary, facts)


def doubtful(
    name: str, kind: str, summary: str, publish: DnsRecord | None = None, /, **facts: Json
) -> Check:
    """Mail is likely to suffer."""
    return _made(name, Outcome.WARNED, summary, {"kind": kind, **facts}, publish)


def bad(
    name: str, kind: str, summary: str, publish: DnsRecord | None = None, /, **facts: Json
) -> Check:
    """Mail will be refused, or the record does nothing."""
    return _made(name, Outcome.FAILED, summary, {"kind": kind, **facts}, publish)


def unknown(name: str, what: str) -> Check:
    """DNS gave no answer."""
    return doubtful(name, "no-answer", f"DNS gave no answer to {what}", asked=what)


def _made(
    name: str,
    outcome: Outcome,
    summary: str,
    facts: dict[str, Json],
    publish: DnsRecord | None = None,
) -> Check:
    if publish is not None:
        facts = {**facts, "publish": publish.line}
    return Check(name, _AREAS[name.partition(".")[0]], outcome, summary, facts, publish)
