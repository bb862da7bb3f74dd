"""The SPF record to publish instead: none is proposed that receivers could not use, or that would
shut out everybody who sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from smtpcheck.domain.checkdmarc_way import NO_NAME, no_name, way
from smtpcheck.domain.names import Names
from smtpcheck.domain.spf_open import lets_everybody
from smtpcheck.domain.spf_record import VERSION, Term, combined, is_spf, terms_of, with_term
from smtpcheck.domain.spf_tree import MOST_LOOKUPS, MOST_VOIDS, Cost, Tree, spf_tree
from smtpcheck.model.domain import Check, DnsRecord, DomainQuestion

_VERSION_AWRY = re.compile(r"v=spf[0-9]*[;,:]?", re.IGNORECASE)


def complaint(names: Names, tree: Tree) -> str:
    """What is not well formed in the record, or in one that it includes; empty where all is."""
    from checkdmarc.spf import SPFError, SPFSyntaxError, parse_spf_record

    record = VERSION + tree.record[len(VERSION) :]  # which may be in upper case, see checkdmarc_way
    try:
        parse_spf_record(record, tree.domain, ignore_too_many_lookups=True, **way(names))
    except SPFSyntaxError as error:
        return " ".join(str(error).split())
    except SPFError:
        return ""  # what stops an evaluation is told by the tree, with its costs
    except NO_NAME as error:
        return no_name(error)
    return ""


def sound(names: Names, domain: str, text: str) -> DnsRecord | None:
    """The record to publish at a domain; None where receivers could not evaluate it, or where it
    names nobody who sends, or everybody."""
    if not is_spf(text):
        return None
    tree = spf_tree(names, domain, text)
    usable = not any(each.problem not in ("", "unknown") for each in tree.walk())
    cheap = tree.lookups <= MOST_LOOKUPS and tree.voids <= MOST_VOIDS
    if not (usable and cheap and _names_somebody(tree)) or lets_everybody(names, tree):
        return None
    if not complaint(names, tree):
        return DnsRecord(domain, "TXT", text)
    return None


def with_all_corrections(names: Names, tree: Tree, checks: Sequence[Check]) -> Iterator[Check]:
    """Whoever publishes the record of one finding is to have mended the others with it; where that
    makes no sound record, none is proposed."""
    mine = [each.publish for each in checks if each.publish and each.publish.name == tree.domain]
    whole = sound(names, tree.domain, combined(tree.record, [record.value for record in mine]))
    for each in checks:
        if each.publish not in mine or each.publish is None:
            yield each
        elif whole is None:
            left = {name: fact for name, fact in each.facts.items() if name != "publish"}
            yield replace(each, publish=None, facts=left)
        else:
            yield replace(each, publish=whole, facts={**each.facts, "publish": whole.line})


def senders(question: DomainQuestion) -> list[str]:
    """The terms of who is known to send."""
    who = [question.spf_include] if question.spf_include and not question.own_envelope else []
    if question.source_ip:
        who.append(address_term(question.source_ip))
    return who


def address_term(address: str) -> str:
    """The mechanism that names an address."""
    return f"ip{6 if ':' in address else 4}:{address}"


def first_record(question: DomainQuestion) -> str:
    """A record that names who is known to send; empty where nobody is."""
    return " ".join([VERSION, *senders(question), "~all"]) if senders(question) else ""


def with_senders(record: str, question: DomainQuestion) -> str:
    """The record, and in it who is known to send."""
    held = [word.lower() for word in record.split()]
    for term in senders(question):
        record = record if term.lower() in held else with_term(record, term)
    return record


def mended_version(near: str) -> str:
    """The record that was meant by one whose first word is not v=spf1; empty where that is not
    sure."""
    first, *words = near.strip(" \t\"'").split()
    return " ".join([VERSION, *words]) if _VERSION_AWRY.fullmatch(first) else ""


def merged(records: Sequence[str]) -> str:
    """One record with the mechanisms of all, that asks for no more than the softest of them."""
    terms = [term for record in records for term in terms_of(record)]
    words = dict.fromkeys(_as_mechanism(term) for term in terms if not _is_once(term))
    once = {term.name: term.text for term in terms if _is_once(term) and term.name != "all"}
    ends = [term.result for term in terms if term.name == "all"]
    end = "-all" if ends and all(result == "fail" for result in ends) else "~all"
    return " ".join([VERSION, *words, end, *once.values()])


def _is_once(term: Term) -> bool:
    """Whether a record holds it once at most, and behind the mechanisms."""
    return term.name == "all" or (term.modifier and term.name != "redirect")


def _as_mechanism(term: Term) -> str:
    """A redirect counts only where there is no `all`: an include takes its place."""
    return f"include:{term.value}" if term.modifier else term.text


def _names_somebody(tree: Tree) -> bool:
    return any(_may_pass(cost) for cost in tree.costs)


def _may_pass(cost: Cost) -> bool:
    if cost.term.name == "all" or cost.term.result != "pass":
        return False
    return cost.below is None or bool(cost.below.problem) or _names_somebody(cost.below)
