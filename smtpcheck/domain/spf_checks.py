"""What is to be said of a domain's SPF record: whether there is one, what it costs, how it ends."""

from __future__ import annotations

from collections.abc import Iterator

from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, doubtful, good, noted, unknown
from smtpcheck.domain.spf_open import lets_everybody
from smtpcheck.domain.spf_publish import (
    complaint,
    first_record,
    mended_version,
    merged,
    senders,
    sound,
    with_all_corrections,
    with_senders,
)
from smtpcheck.domain.spf_record import Term, evaluated, is_spf, nearly_spf, terms_of
from smtpcheck.domain.spf_sender import sender_checks
from smtpcheck.domain.spf_tree import MOST_LOOKUPS, MOST_MX, MOST_VOIDS, Tree, spf_tree
from smtpcheck.model.domain import Check, DnsRecord, DomainQuestion
from smtpcheck.model.jsonvalue import Json

_DEEP = {
    "loop": "include-loop",
    "missing": "include-without-record",
    "multiple": "include-multiple",
}
_CHAIN = 60


def spf_checks(names: Names, question: DomainQuestion) -> Iterator[Check]:
    """The checks of the record of the envelope sender's domain (RFC 7208)."""
    domain = question.envelope
    tree = spf_tree(names, domain)
    if not tree.record:
        yield _without_record(names, question, tree)
        return
    wrong = complaint(names, tree)
    if wrong:
        yield bad("spf.record", "invalid", wrong, domain=domain, record=tree.record, detail=wrong)
    else:
        yield good("spf.record", tree.record, domain=domain, record=tree.record)
    ending = _open(names, tree) or _ending(question, tree)
    found = [_lookups(names, tree), ending, *_pointers(tree)]
    if ending.kind != "sends-nothing":  # which says already that nobody is named
        found += sender_checks(names, question, tree)
    yield from with_all_corrections(names, tree, found)


def _without_record(names: Names, question: DomainQuestion, tree: Tree) -> Check:
    domain = tree.domain
    if tree.problem == "unknown":
        return unknown("spf.record", f"TXT of {domain}")
    texts, _ = names.texts(domain)
    records = [text for text in texts if is_spf(text)]
    if tree.problem == "multiple":
        return bad(
            "spf.record",
            "multiple",
            f"{len(records)} SPF records: receivers take none of them",
            sound(names, domain, with_senders(merged(records), question)),
            domain=domain,
            records=list(records),
        )
    near = next((text for text in texts if nearly_spf(text)), "")
    facts: dict[str, Json] = {"domain": domain}
    if near:
        mended = mended_version(near)
        publish = sound(names, domain, with_senders(mended, question)) if mended else None
        said = "a TXT record looks like SPF, and its first word is not v=spf1"
        return bad("spf.record", "nearly", said, publish, **facts, record=near)
    if question.own_envelope:
        return noted(
            "spf.record",
            f"none, and none is needed: {question.provider} puts an envelope sender of its own",
            **facts,
        )
    publish = sound(names, domain, first_record(question))
    old = names.ask(domain, "SPF")
    if old.records:
        said = "only a record of type SPF, which nobody asks for any more (RFC 7208 section 3.1)"
        return bad("spf.record", "type-spf", said, publish, **facts)
    return bad("spf.record", "missing", f"{domain} has no SPF record", publish, **facts)


def _lookups(names: Names, tree: Tree) -> Check:
    chain: list[Json] = [dict(each) for each in _chain(tree)]
    facts: dict[str, Json] = {
        "domain": tree.domain,
        "record": tree.record,
        "lookups": tree.lookups,
        "voids": tree.voids,
        "chain": chain[:_CHAIN],
    }
    for each in tree.walk():
        if each.problem in _DEEP and each is not tree:
            said = {
                "loop": f"the includes come back to {each.domain}",
                "missing": f"the record that {each.domain} should have is not there",
                "multiple": f"{each.domain} has more than one SPF record",
            }[each.problem]
            kind = _DEEP[each.problem]
            without = _without(tree, each)
            return bad("spf.lookups", kind, said, without, **facts, target=each.domain)
        if each.problem == "unknown":
            return unknown("spf.lookups", f"TXT of {each.domain}")
    said = f"{tree.lookups} of {MOST_LOOKUPS} look-ups"
    if tree.lookups > MOST_LOOKUPS:
        dearest = max(tree.costs, key=lambda cost: cost.lookups)
        facts |= {"dearest": dearest.term.text, "dearest_lookups": dearest.lookups}
        said = f"{tree.lookups} look-ups, {MOST_LOOKUPS} are allowed: the record is void"
        return bad("spf.lookups", "too-many-lookups", said, **facts)
    crowded = _crowded(names, tree)
    if crowded:
        said = f"{crowded} has more than {MOST_MX} MX hosts, too many for mx in SPF"
        return bad("spf.lookups", "too-many-mx", said, **facts, target=crowded)
    if tree.voids > MOST_VOIDS:
        said = f"{tree.voids} look-ups find nothing, {MOST_VOIDS} are allowed: the record is void"
        return bad("spf.lookups", "too-many-voids", said, **facts, dead=_dead(tree))
    if tree.voids:
        said += f", {tree.voids} of them find{'s' if tree.voids == 1 else ''} nothing"
    return good("spf.lookups", said, **facts)


def _chain(tree: Tree, depth: int = 0) -> Iterator[dict[str, Json]]:
    for cost in tree.costs:
        if not cost.lookups:
            continue
        row: dict[str, Json] = {"depth": depth, "term": cost.term.text, "lookups": cost.lookups}
        if cost.unknown:
            row["unknown"] = True
        if cost.voids and (cost.below is None or not cost.below.record):
            row["void"] = True
        yield row
        if cost.below is not None:
            yield from _chain(cost.below, depth + 1)


def _dead(tree: Tree) -> list[Json]:
    return [row["term"] for row in _chain(tree) if row.get("void")]


def _crowded(names: Names, tree: Tree) -> str:
    for each in tree.walk():
        for cost in each.costs:
            if cost.term.name == "mx" and not cost.term.has_macro:
                target = cost.term.value or each.domain
                if len(names.ask(target, "MX").records) > MOST_MX:
                    return target
    return ""


def _without(tree: Tree, broken: Tree) -> DnsRecord | None:
    """The record without the include of a target that can name nobody, where it stands in the
    record itself. What has two records, or leads on to others, does name somebody."""
    nobody = broken.problem == "missing" or (
        broken.problem == "loop" and broken.domain == tree.domain
    )
    named = [
        cost.term.text
        for cost in tree.costs
        if nobody and cost.below is not None and cost.below is broken
    ]
    left = [word for word in tree.record.split() if word not in named]
    return DnsRecord(tree.domain, "TXT", " ".join(left)) if named else None


def _open(names: Names, tree: Tree) -> Check | None:
    """An end that refuses means nothing where everybody has matched before it."""
    terms = lets_everybody(names, tree)
    if not terms:
        return None
    said = f"{' '.join(terms)}: everybody may send for the domain, whatever its end says"
    return bad(
        "spf.end",
        "allows-all",
        said,
        domain=tree.domain,
        record=tree.record,
        terms=list(terms),
    )


def _ending(question: DomainQuestion, tree: Tree) -> Check:
    """How the record ends: what becomes of mail from everybody else."""
    terms = evaluated(terms_of(tree.record))
    last: Term | None = terms[-1] if terms else None
    facts: dict[str, Json] = {"domain": tree.domain, "record": tree.record}
    if last is None or (last.name not in ("all", "redirect")):
        publish = DnsRecord(tree.domain, "TXT", f"{tree.record.strip()} ~all")
        return doubtful("spf.end", "no-all", "the record has no end: no all", publish, **facts)
    if last.name == "redirect":
        return good("spf.end", f"as {last.value} says", **facts)
    if last.result == "fail" and len(terms) == 1:
        named = with_senders(tree.record, question)
        sends = DnsRecord(tree.domain, "TXT", named) if senders(question) else None
        said = "the record says that the domain sends no mail at all"
        return bad("spf.end", "sends-nothing", said, sends, **facts)
    if last.result in ("pass", "neutral"):
        words = ["~all" if word == last.text else word for word in tree.record.split()]
        publish = DnsRecord(tree.domain, "TXT", " ".join(words))
        kind = "allows-all" if last.result == "pass" else "neutral-all"
        said = f"{last.text}: " + (
            "everybody may send for the domain" if kind == "allows-all" else "says nothing"
        )
        return (bad if kind == "allows-all" else doubtful)("spf.end", kind, said, publish, **facts)
    strict = "refused" if last.result == "fail" else "suspicious"
    return good("spf.end", f"{last.text}: mail from elsewhere is {strict}", **facts)


def _pointers(tree: Tree) -> Iterator[Check]:
    """`ptr`: slow, and not to be published (RFC 7208 section 5.5). It names hosts that nobody
    knows, so it is only taken out where mail from elsewhere is not refused."""
    found = [cost.term for cost in tree.costs if cost.term.name == "ptr"]
    if not found:
        return
    refused = any(each.name == "redirect" or each.result == "fail" for each in _ends(tree))
    gone = [each.text for each in found]
    words = [word for word in tree.record.split() if word not in gone]
    yield doubtful(
        "spf.ptr",
        "ptr",
        "ptr is not to be used, and big receivers skip it",
        None if refused else DnsRecord(tree.domain, "TXT", " ".join(words)),
        domain=tree.domain,
        record=tree.record,
    )


def _ends(tree: Tree) -> list[Term]:
    return [cost.term for cost in tree.costs if cost.term.name in ("all", "redirect")]
