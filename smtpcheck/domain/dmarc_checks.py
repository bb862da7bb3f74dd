"""Whether the domain has a DMARC policy, whether its reports arrive, and whether SPF and DKIM speak
for the domain in From (RFC 9989)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote

from smtpcheck.domain.dkim_checks import key_holds
from smtpcheck.domain.dmarc_tags import Read, Tags, from_tags, read_tags, sound_dmarc
from smtpcheck.domain.dmarc_tree import Found, aligned, dmarc_record, is_dmarc
from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, doubtful, good, noted, unknown
from smtpcheck.domain.spf_sender import spf_holds
from smtpcheck.model.domain import Check, DnsRecord, DomainQuestion
from smtpcheck.model.jsonvalue import Json

_POLICIES = {
    "none": "receivers watch, and refuse nothing",
    "quarantine": "what fails is taken for spam",
    "reject": "what fails is refused",
}
_REPORTS = 6


def dmarc_checks(names: Names, question: DomainQuestion, before: list[Check]) -> Iterator[Check]:
    """The checks of the policy; `before` holds those of SPF and DKIM."""
    domain = question.domain
    found = dmarc_record(names, domain)
    if found.failed:
        yield unknown("dmarc.record", found.failed)
        return
    if not found.record:
        yield _without_record(names, domain, found)
    else:
        read = read_tags(names, found.location, found.record)
        facts: dict[str, Json] = {
            "domain": domain,
            "at": f"_dmarc.{found.location}",
            "location": found.location,
            "record": found.record,
        }
        if read.wrong:
            yield bad("dmarc.record", "invalid", read.wrong, **facts, detail=read.wrong)
        else:
            yield _record(names, found, read, facts)
            mended = replace(found, record=read.corrected)
            yield _policy(names, question, mended, read.tags, facts)
            yield from _reports(names, found, read.tags)
            yield _alignment(names, question, read.tags, before)
            return
    yield _alignment(names, question, {}, before)


def _record(names: Names, found: Found, read: Read, facts: dict[str, Json]) -> Check:
    """One that receivers use, though they may pass over some of its tags."""
    if not read.passed_over:
        return good("dmarc.record", found.record, **facts)
    unread = list(read.passed_over)
    words = ", ".join(each or "an empty one" for each in unread)
    said = f"receivers pass over what they cannot read: {words}; the rest holds"
    right = sound_dmarc(names, found.location, read.corrected)
    return doubtful("dmarc.record", "tag-unreadable", said, right, **facts, tags=words)


def _without_record(names: Names, domain: str, found: Found) -> Check:
    at = f"_dmarc.{domain}"
    facts: dict[str, Json] = {"domain": domain, "at": at}
    publish = DnsRecord(at, "TXT", f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}")
    if len(found.own) > 1:
        said = f"{len(found.own)} DMARC records at {at}: receivers take none of them"
        one = _one_of(names, domain, found.own)
        return bad("dmarc.record", "multiple", said, one, **facts, records=list(found.own))
    texts, _ = names.texts(at)
    near = next((text for text in texts if "dmarc1" in text.lower()), "")
    if near:
        mended = near.strip(" \t\"'")
        meant = mended if is_dmarc(mended) else from_tags(near)
        right = sound_dmarc(names, domain, meant) if meant else publish
        said = f"what stands at {at} does not begin with v=DMARC1"
        return bad("dmarc.record", "nearly", said, right, **facts, record=near)
    misplaced = next((text for text in names.texts(domain)[0] if is_dmarc(text)), "")
    if misplaced:
        said = f"the record stands at {domain}, and belongs to {at}"
        moved = sound_dmarc(names, domain, misplaced)
        return bad("dmarc.record", "misplaced", said, moved, **facts, record=misplaced)
    return bad("dmarc.record", "missing", f"{domain} has no DMARC record", publish, **facts)


def _one_of(names: Names, domain: str, records: Sequence[str]) -> DnsRecord | None:
    """The one to leave, where all that are sound ask for the same."""
    read = [(each, read_tags(names, domain, each).tags) for each in records]
    usable = [(each, tags) for each, tags in read if tags and sound_dmarc(names, domain, each)]
    asked = {tuple(tags[name]["value"] for name in ("p", "sp", "np")) for _, tags in usable}
    return sound_dmarc(names, domain, usable[0][0]) if len(asked) == 1 else None


def _policy(
    names: Names, question: DomainQuestion, found: Found, tags: Tags, facts: dict[str, Json]
) -> Check:
    which = "p"
    if found.location != question.domain:
        which = "np" if names.ask(question.domain, "A").status == "nxdomain" else "sp"
    policy = str(tags[which]["value"])
    inherited = f" (from {found.location})" if which != "p" else ""
    said = f"{which}={policy}: {_POLICIES.get(policy, policy)}{inherited}"
    facts = {**facts, "policy": policy, "test": tags["t"]["value"] == "y"}
    percent = re.search(r";[ \t]*pct[ \t]*=[ \t]*([0-9]+)", found.record, re.IGNORECASE)
    if percent and int(percent[1]) < 100 and policy != "none":
        left = re.sub(r";[ \t]*pct[ \t]*=[^;]*", "", found.record, flags=re.IGNORECASE)
        ramp = DnsRecord(f"_dmarc.{found.location}", "TXT", f"{left.rstrip('; ')}; t=y")
        said = f"pct={percent[1]} is no more: receivers hold all mail to {which}={policy}"
        return doubtful("dmarc.policy", "percent", said, ramp, **facts)
    if facts["test"]:
        said += "; t=y: only a test, one step milder"
    return good("dmarc.policy", said, **facts)


def _reports(names: Names, found: Found, tags: Tags) -> Iterator[Check]:
    """Whether those who get reports want them (RFC 9990 section 4)."""
    rua = tags.get("rua", {}).get("value", [])
    if not rua:
        said = "no rua that can be used: nobody is told who sends in the domain's name"
        yield noted("dmarc.reports", said, domain=found.location)
        return
    told = []
    for uri in rua[:_REPORTS]:
        address = unquote(str(uri.get("address", "")).removeprefix("mailto:"))
        host = address.rpartition("@")[2].lower().rstrip(".")
        if uri.get("scheme") != "mailto" or not host:
            continue  # receivers need to know of no other way (RFC 9989 section 4.7)
        problem = _unwanted(names, found.location, address, host)
        if problem is not None:
            yield problem
        else:
            told.append(address)
    if told:
        yield good("dmarc.reports", f"reports go to {', '.join(told)}", domain=found.location)


def _unwanted(names: Names, domain: str, address: str, host: str) -> Check | None:
    facts: dict[str, Json] = {"domain": domain, "address": address, "host": host}
    if names.ask(host, "MX").void and names.addresses(host)[1].void:
        said = f"reports to {address} cannot arrive: {host} takes no mail"
        return doubtful("dmarc.reports", "reports-lost", said, **facts)
    if aligned(names, domain, host, strict=False):
        return None
    name = f"{domain}._report._dmarc.{host}"
    texts, answer = names.texts(name)
    if answer.failed or any(is_dmarc(text) for text in texts):
        return None
    said = f"{host} does not say that it wants reports about {domain}: none are sent there"
    publish = DnsRecord(name, "TXT", "v=DMARC1")
    return doubtful("dmarc.reports", "reports-unauthorised", said, publish, **facts)


def _alignment(names: Names, question: DomainQuestion, tags: Tags, before: list[Check]) -> Check:
    """Whether what SPF and DKIM prove is the domain in From."""

    def strict(tag: str) -> bool:
        return bool(tags.get(tag, {}).get("value") == "s")

    domain = question.domain
    signing = question.dkim_domain or domain
    spf = not question.own_envelope and aligned(
        names, domain, question.envelope, strict=strict("aspf")
    )
    signed = key_holds(before)
    dkim = aligned(names, domain, signing, strict=strict("adkim"))
    facts: dict[str, Json] = {
        "domain": domain,
        "envelope": question.envelope,
        "signing": signing,
        "spf_aligned": spf,
        "dkim_aligned": dkim,
        "signed": signed,
        "provider_name": question.provider or None,
        "own_envelope": question.own_envelope,
        "dkim_words": question.dkim_words or None,
    }
    ways = [f"SPF by {question.envelope}"] if spf and spf_holds(before) is not False else []
    ways += [f"DKIM by {signing}"] if dkim and signed else []
    if ways:
        return good("dmarc.alignment", f"{' and '.join(ways)} can speak for {domain}", **facts)
    if dkim and signed is None:
        said = f"only DKIM can speak for {domain}, and whether it does is not known"
        return noted("dmarc.alignment", said, **facts)
    said = f"neither SPF nor DKIM can speak for {domain}"
    return bad("dmarc.alignment", "unaligned", said, **facts)
