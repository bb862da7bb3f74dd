"""The steps of the dns stage: facts as docs/facts.md names them, and a summary in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Step
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.resolve_name import Host, HostName, Literal, Malformed, ResolvedAddress
from smtpcheck.probe.resolve_system import Found, SystemAnswer

if TYPE_CHECKING:
    from smtpcheck.probe.resolve_lookup import Lookup

SHOWN = 4
"""Addresses that a summary names; the facts have all."""
_NO_RESOLVER = ("timeout", "unreachable")
_DIFFERENCES = {
    "": "the system and DNS agree",
    "hosts-override": "the hosts file of this machine overrides what DNS says",
    "system-only": "only this machine knows the name, DNS does not",
    "dns-only": "DNS knows the name, the resolver of this machine does not",
    "other-addresses": "the system and DNS give different addresses",
}


def shown(address: ResolvedAddress) -> str:
    """As text, with the scope where there is one (RFC 4007 section 11)."""
    return f"{address.address}%{address.scope}" if address.scope else address.address


def name_step(host: str, read: Host, family: str, elapsed_ms: float) -> Step:
    """`dns.name`; fails when there is nothing to look up or to connect to."""
    facts: dict[str, Json] = {"name": host, "ascii": host, "literal": False, "special": ""}
    match read:
        case Malformed(message):
            facts |= {"ascii": "", "error.kind": "malformed", "error.message": message}
            return Step("dns.name", Outcome.FAILED, elapsed_ms, message, facts)
        case Literal(address):
            facts |= {"ascii": shown(address), "literal": True}
            if family not in ("any", address.family):
                words = f"{shown(address)} is not an {_CALLED[family]} address"
                facts |= {"error.kind": "no-address", "error.message": words}
                return Step("dns.name", Outcome.FAILED, elapsed_ms, words, facts)
            summary = f"{shown(address)} is an address: nothing to look up"
        case HostName(ascii=name):
            facts |= {"ascii": name, "special": read.special}
            summary = name if name in (host, host[:-1]) else f"{host} is {name} in DNS"
    return Step("dns.name", Outcome.PASSED, elapsed_ms, summary, facts)


_CALLED = {"ipv4": "IPv4", "ipv6": "IPv6"}


def system_step(answer: SystemAnswer, hosts_file: Sequence[str], outcome: Outcome) -> Step:
    """`dns.system`."""
    facts: dict[str, Json] = {"addresses": [], "hosts_file": list(hosts_file), "canonical": ""}
    if isinstance(answer, Found):
        addresses = [shown(each) for each in answer.addresses]
        facts |= {"addresses": addresses, "canonical": answer.canonical}
        words = _listed(addresses)
        if addresses and set(addresses) <= set(hosts_file):
            words += ", from the hosts file"
    else:
        facts |= {
            "error.kind": answer.kind,
            "error.symbol": answer.symbol,
            "error.message": answer.message,
            "error.errno": answer.errno,
        }
        words = answer.message + (f" ({answer.symbol})" if answer.symbol else "")
    return Step("dns.system", outcome, answer.elapsed_ms, words, facts)


def not_asked_step() -> Step:
    """`dns.query` for a name that never leaves the machine (RFC 6761 section 6.3)."""
    facts = {"status": "not-asked", "a.status": "not-asked", "aaaa.status": "not-asked"}
    words = "not asked: the name stands for this machine"
    return Step("dns.query", Outcome.SKIPPED, 0.0, words, facts)


def query_step(found: Lookup, outcome: Outcome, elapsed_ms: float) -> Step:
    """`dns.query`."""
    facts: dict[str, Json] = {
        "server": found.server,
        "servers": list(found.servers),
        "transport": found.transport,
        "status": found.status,
        "a.status": found.statuses["A"],
        "aaaa.status": found.statuses["AAAA"],
        "addresses": [each.address for each in found.addresses],
        "cname": list(found.cname),
        "cname_state": found.cname_state,
        "ede": list(found.ede),
        "ede_codes": list(found.ede_codes),
        "mx": found.mx,
        "search": found.search,
    }
    if found.addresses:
        facts["ttl"] = found.ttl
    if found.detail:
        facts["error.message"] = found.detail
    return Step("dns.query", outcome, elapsed_ms, _query_words(found), facts)


def _query_words(found: Lookup) -> str:
    if found.addresses:
        return _answer_words(found)
    asked = _listed(found.servers)
    alias = f"an alias of {found.cname[-1]}, which " if found.cname else "the name "
    words = {
        "nxdomain": f"{alias}does not exist, says {found.server}",
        "nodata": f"{alias}has no address{_besides(found)}, says {found.server}",
        "servfail": f"{found.server} could not find out (SERVFAIL)",
        "refused": f"{found.server} refuses to answer",
        "malformed": f"{found.server} sends an unusable answer",
        "timeout": f"no answer from {asked}",
        "unreachable": f"cannot reach {asked}",
    }[found.status]
    if found.cname_state == "loop":
        words = "the aliases of the name go round in a circle"
    because = found.ede[0] if found.ede else found.detail
    return f"{words}: {because}" if because and found.status not in _QUIET else words


_QUIET = ("nxdomain", "nodata", "timeout")


def _answer_words(found: Lookup) -> str:
    words = f"{_listed([each.address for each in found.addresses])}, TTL {found.ttl} s"
    if found.cname:
        words += f", alias of {found.cname[-1]}"
    words += f", says {found.server}"
    if found.search:
        words += f" of {found.search}"
    bad = {kind: each for kind, each in found.statuses.items() if each not in _FINE}
    return words + "".join(f"; {kind}: {each}" for kind, each in bad.items())


_FINE = ("noerror", "nodata", "not-asked")


def _besides(found: Lookup) -> str:
    if found.mx:
        return ", but mail exchangers (MX)"
    other = next((kind for kind, each in found.statuses.items() if each == "noerror"), "")
    return f" of the wanted family, but one of type {other}" if other else ""


def compare_step(difference: str, system: Sequence[str], dns: Sequence[str]) -> Step:
    """`dns.compare`; any difference is a warning."""
    facts: dict[str, Json] = {"difference": difference, "system": list(system), "dns": list(dns)}
    outcome = Outcome.WARNED if difference else Outcome.PASSED
    return Step("dns.compare", outcome, 0.0, _DIFFERENCES[difference], facts)


def query_outcome(found: Lookup, *, dotted: bool) -> Outcome:
    """How a query with addresses ended: a warning where one type failed, or where a full name
    exists only below a search domain."""
    broken = any(each not in _FINE for each in found.statuses.values())
    return Outcome.WARNED if broken or (found.search and dotted) else Outcome.PASSED


def unasked(found: Lookup) -> bool:
    """Whether DNS said nothing at all."""
    return found.status in _NO_RESOLVER


def _listed(words: Sequence[str]) -> str:
    more = len(words) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {more} more" if more > 0 else "")
