"""The reverse DNS of the address that mail leaves from, and the name it says in EHLO (RFC 1912
section 2.1, RFC 8601 section 3)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, doubtful, good, noted, unknown
from smtpcheck.model.domain import Check, DnsRecord, DomainQuestion
from smtpcheck.model.jsonvalue import Json

_NAMES = 5
_ACCESS = re.compile(
    r"\b(?:dyn|dynamic|dhcp|dial|dialup|dsl|adsl|pool|ppp|cable|broadband|client|customer|static)\b"
    r"|(?:dynamic|dhcp|dialup|broadband)",
    re.IGNORECASE,
)


def reverse_checks(names: Names, question: DomainQuestion) -> Iterator[Check]:
    """The checks of the source address; a word where it is needed and nobody named it."""
    if not question.source_ip:
        if question.direct:
            said = "which address the relay sends from is not known: --source-ip names it"
            yield noted("reverse.ptr", said)
        return
    address = ipaddress.ip_address(question.source_ip)
    answer = names.ask(address.reverse_pointer, "PTR")
    facts: dict[str, Json] = {"address": str(address), "domain": question.domain}
    if answer.failed:
        yield unknown("reverse.ptr", f"PTR of {address}")
    else:
        found = [record.target.to_text(omit_final_dot=True).lower() for record in answer.records]
        yield _pointer(names, question, address, found, facts)
    if question.helo:
        yield _helo(names, question.helo.lower().rstrip("."), str(address), facts)


def _pointer(
    names: Names,
    question: DomainQuestion,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    found: list[str],
    facts: dict[str, Json],
) -> Check:
    if not found:
        named = question.helo and not question.helo.startswith("[")
        pointer = DnsRecord(address.reverse_pointer, "PTR", f"{question.helo}.")
        publish = pointer if named else None
        said = f"{address} has no name (PTR): many receivers refuse mail from it"
        return bad("reverse.ptr", "ptr-missing", said, publish, **facts)
    facts |= {"names": list(found[:_NAMES])}
    back = [name for name in found[:_NAMES] if str(address) in names.addresses(name)[0]]
    if not back:
        kind = "AAAA" if address.version == 6 else "A"
        publish = DnsRecord(found[0], kind, str(address))
        said = f"{address} is {found[0]}, and that name does not lead back"
        return bad("reverse.ptr", "ptr-not-confirmed", said, publish, **facts)
    if looks_like_access(back[0], address):
        said = f"{address} is {back[0]}: it looks like a line of a customer, not a mail server"
        return doubtful("reverse.ptr", "ptr-generic", said, **facts)
    return good("reverse.ptr", f"{address} is {back[0]}, and back", **facts)


def looks_like_access(name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether a name is made from the address, or says that it is a dial-in line."""
    first = name.partition(".")[0]
    digits = re.findall(r"[0-9]+", name)
    octets = str(address).split(".") if address.version == 4 else []
    made = len(octets) == 4 and all(octet in digits for octet in octets)
    return made or bool(_ACCESS.search(first))


def _helo(names: Names, helo: str, address: str, facts: dict[str, Json]) -> Check:
    facts = {**facts, "helo": helo}
    if helo.startswith("["):
        said = f"HELO says {helo}: a name is wanted, not an address"
        return doubtful("reverse.helo", "helo-literal", said, **facts)
    found, answer = names.addresses(helo)
    if address in found:
        return good("reverse.helo", f"HELO {helo} leads to {address}", **facts)
    if answer.failed:
        return unknown("reverse.helo", f"A of {helo}")
    kind = "AAAA" if ":" in address else "A"
    publish = DnsRecord(helo, kind, address)
    said = f"the HELO name {helo} does not lead to {address}"
    return doubtful("reverse.helo", "helo-elsewhere", said, publish, **facts)
