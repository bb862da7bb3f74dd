"""DNS block lists (RFC 5782), asked only where somebody wants it.

A list that does not keep to its own test entries, or that refuses to answer, says nothing: what it
answers then is never taken for a listing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, good, noted
from smtpcheck.model.domain import Check, DomainQuestion
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

_REFUSALS = {
    "127.255.255.252": "the name of the list is misspelt",
    "127.255.255.254": "it was asked through a public resolver, which it does not answer",
    "127.255.255.255": "too many questions",
}
"""Codes of Spamhaus that list nobody (https://www.spamhaus.org, return codes)."""


@dataclass(frozen=True, slots=True)
class BlockList:
    """One list."""

    zone: str
    title: str
    removal: str
    """Where a listing is looked up and ended."""
    domains: bool = False
    """It lists domains; else addresses."""
    listed: str = "2.0.0.127"
    """What is always listed, for tests (RFC 5782 section 5)."""
    clean: str = "1.0.0.127"
    """What never is."""


LISTS = (
    BlockList("zen.spamhaus.org", "Spamhaus ZEN", "https://check.spamhaus.org"),
    BlockList("bl.spamcop.net", "SpamCop", "https://www.spamcop.net/bl.shtml"),
    BlockList("psbl.surriel.com", "PSBL", "https://psbl.org"),
    BlockList(
        "dbl.spamhaus.org",
        "Spamhaus DBL",
        "https://check.spamhaus.org",
        domains=True,
        listed="dbltest.com",
        clean="invalid",
    ),
)


def list_checks(
    names: Names, question: DomainQuestion, lists: Sequence[BlockList] = LISTS
) -> Iterator[Check]:
    """One check for each list that can know the address or the domain."""
    names.ahead(
        [(f"{key}.{each.zone}", "A") for each in lists for key in (each.listed, each.clean)]
    )
    for each in lists:
        if each.domains:
            yield _asked(names, each, question.domain, question.domain)
        elif question.source_ip:
            yield _asked(names, each, question.source_ip, _reversed(question.source_ip))
    if not question.source_ip:
        said = "lists of addresses were not asked: --source-ip names the one that mail leaves from"
        yield noted("lists.address", said)


def _asked(names: Names, each: BlockList, what: str, key: str) -> Check:
    facts: dict[str, Json] = {
        "list": each.zone,
        "title": each.title,
        "lists": "domains" if each.domains else "addresses",
        "asked": what,
    }
    useless = _why_useless(names, each)
    if useless:
        return noted("lists.entry", f"{each.title} says nothing: {useless}", **facts)
    answer = names.ask(f"{key}.{each.zone}", "A")
    codes = [str(record.address) for record in answer.records]
    if answer.failed:
        return noted("lists.entry", f"{each.title} did not answer", **facts)
    if not codes:
        return good("lists.entry", f"{what} is not on {each.title}", **facts)
    refused = _refusal(codes)
    if refused:
        return noted("lists.entry", f"{each.title} says nothing: {refused}", **facts)
    texts, _ = names.texts(f"{key}.{each.zone}")
    facts |= {"codes": list(codes), "words": texts[0] if texts else None, "removal": each.removal}
    said = f"{what} is on {each.title} ({', '.join(codes[:4])})"
    return bad("lists.entry", "listed", said, **facts)


def _why_useless(names: Names, each: BlockList) -> str:
    """Why a list's answers mean nothing; empty where they do."""
    listed = names.ask(f"{each.listed}.{each.zone}", "A")
    codes = [str(record.address) for record in listed.records]
    if listed.failed:
        return "it did not answer"
    refused = _refusal(codes)
    if refused:
        return refused
    if not codes:
        return "its own test entry is not on it: it is out of service, or refuses this resolver"
    if names.ask(f"{each.clean}.{each.zone}", "A").records:
        return "it lists everything: it is out of service"
    return ""


def _refusal(codes: Sequence[str]) -> str:
    for code in codes:
        if code.startswith("127.255.255."):
            return _REFUSALS.get(code, f"it refused the question ({code})")
        if not code.startswith("127.") or code == "127.0.0.1":
            return f"its answer {code} is none that a list gives"
    return ""


def _reversed(address: str) -> str:
    pointer = ipaddress.ip_address(address).reverse_pointer
    return pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
