"""Whether the SPF record covers whoever sends: the provider, or the address that is named."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, doubtful, good, noted
from smtpcheck.domain.spf_publish import address_term, sound
from smtpcheck.domain.spf_record import Term, with_term
from smtpcheck.domain.spf_result import Mail, spf_result
from smtpcheck.domain.spf_tree import Tree, spf_tree
from smtpcheck.model.domain import Check, DnsRecord, DomainQuestion
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome


def sender_checks(names: Names, question: DomainQuestion, tree: Tree) -> Iterator[Check]:
    """The provider's include, the result for the source address, and that for the HELO name."""
    yield from _provider(names, question, tree)
    if not question.source_ip:
        return
    address = ipaddress.ip_address(question.source_ip)
    mail = Mail(address, f"postmaster@{tree.domain}", question.helo or tree.domain)
    yield _source(tree, question, *spf_result(names, tree, mail))
    if question.helo and question.helo.lower() != tree.domain:
        yield _helo(names, question, mail)


def _provider(names: Names, question: DomainQuestion, tree: Tree) -> Iterator[Check]:
    wanted = question.spf_include
    if not wanted:
        return
    facts: dict[str, Json] = {
        "domain": tree.domain,
        "record": tree.record,
        "provider_name": question.provider,
        "include": wanted,
    }
    if any(_same(cost.term, wanted) for each in tree.walk() for cost in each.costs):
        yield good("spf.provider", f"{wanted} is there, for {question.provider}", **facts)
        return
    if question.own_envelope:
        said = f"{question.provider} puts an envelope sender of its own: SPF here is not asked"
        yield noted("spf.provider", said, **facts)
        return
    publish = DnsRecord(tree.domain, "TXT", with_term(_without_refusal(tree, wanted), wanted))
    below = spf_tree(names, target).lookups if (target := _included(wanted)) else -1
    facts["lookups_then"] = tree.lookups + 1 + below
    facts["envelope_known"] = question.envelope_known
    said = f"{question.provider} is not in the record: {wanted} is missing"
    made = bad if question.envelope_known else doubtful
    yield made("spf.provider", "provider-missing", said, publish, **facts)


def _without_refusal(tree: Tree, wanted: str) -> str:
    """The record without an include of the same domain that is no pass: it would come first."""
    refusals = [
        cost.term.text
        for cost in tree.costs
        if cost.term.name == "include" and cost.term.value.lower() == _included(wanted)
    ]
    return " ".join(word for word in tree.record.split() if word not in refusals)


def _included(term: str) -> str:
    """The domain that a term includes; empty where it is no include."""
    return term[8:].lower().rstrip(".") if term.lower().startswith("include:") else ""


def _same(term: Term, wanted: str) -> bool:
    """A redirect to the provider's record is as good as its include."""
    target = _included(wanted)
    if target and term.name in ("include", "redirect"):
        return term.result == "pass" and term.value.lower() == target
    return term.text.lstrip("+").lower() == wanted.lower()


def _source(tree: Tree, question: DomainQuestion, result: str, term: str) -> Check:
    address = question.source_ip
    facts: dict[str, Json] = {
        "domain": tree.domain,
        "record": tree.record,
        "address": address,
        "result": result,
        "term": term,
    }
    by = f" by {term}" if term else ""
    if result == "pass":
        return good("spf.source", f"{address} may send{by}", **facts)
    if result in ("permerror", "temperror"):
        said = f"no result for {address}: {result}{by}"
        return bad("spf.source", "no-result", said, **facts)
    publish = DnsRecord(tree.domain, "TXT", with_term(tree.record, address_term(address)))
    said = f"{address} may not send: {result}{by}"
    return bad("spf.source", "source-not-allowed", said, publish, **facts)


def _helo(names: Names, question: DomainQuestion, mail: Mail) -> Check:
    """A bounce has no envelope sender, and is judged by the HELO name (RFC 7208 section 2.3)."""
    name = question.helo.lower()
    tree = spf_tree(names, name)
    result, term = spf_result(names, tree, Mail(mail.address, f"postmaster@{name}", name))
    facts: dict[str, Json] = {"helo": name, "address": question.source_ip, "result": result}
    if result in ("pass", "none", "neutral"):
        said = "has no record of its own" if result == "none" else result
        return (good if result == "pass" else noted)("spf.helo", f"{name}: {said}", **facts)
    publish = sound(names, name, with_term(tree.record, address_term(question.source_ip)))
    said = f"the record of {name} refuses {question.source_ip}: {result} by {term}"
    return doubtful("spf.helo", "helo-refused", said, publish, **facts)


def spf_holds(checks: list[Check]) -> bool | None:
    """Whether SPF passes for whoever sends; None where it is not known who that is."""
    mine = [each for each in checks if each.name.startswith("spf.")]
    if any(each.outcome is Outcome.FAILED and each.kind != "allows-all" for each in mine):
        return False
    sure = {each.name for each in mine if each.outcome is Outcome.PASSED}
    return True if sure & {"spf.provider", "spf.source"} else None
