"""Whether the keys are published by which the domain's mail is signed."""

from __future__ import annotations

from collections.abc import Iterator

from smtpcheck.domain.dkim_key import ADVISED, SMALLEST, DkimKey, parse_key
from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, doubtful, good, noted, unknown
from smtpcheck.model.domain import Check, DomainQuestion
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome

_UNCOMMON = ("key-ed25519", "key-testing")
"""What is said of an Ed25519 key that can be used."""


def dkim_checks(names: Names, question: DomainQuestion) -> Iterator[Check]:
    """The keys of the selectors that are named; else of one of the provider's; else whether there
    can be any key at all."""
    domain = question.dkim_domain or question.domain
    asked = question.selectors or question.likely_selectors
    names.ahead([(f"{each}._domainkey.{domain}", "TXT") for each in asked])
    for selector in question.selectors:
        yield _key(names, question, domain, selector)
    if question.selectors:
        return
    found = [_key(names, question, domain, each) for each in question.likely_selectors]
    there = [each for each in found if each.kind != "key-missing"]
    if there:
        yield from there
    elif found:
        yield _none_of_provider(question, domain)
    else:
        yield _any(names, question, domain)


def _key(names: Names, question: DomainQuestion, domain: str, selector: str) -> Check:
    name, check = f"{selector}._domainkey.{domain}", f"dkim.key.{selector}"
    texts, answer = names.texts(name)
    facts: dict[str, Json] = {
        "domain": domain,
        "selector": selector,
        "at": name,
        "dkim_words": question.dkim_words or None,
        "provider_name": question.provider or None,
    }
    if answer.failed:
        return unknown(check, f"TXT of {name}")
    if not texts:
        if answer.aliases:
            facts["target"] = answer.aliases[-1]
            said = f"{name} points to {answer.aliases[-1]}, and there is no key"
            return bad(check, "key-dangling", said, **facts)
        return bad(check, "key-missing", f"there is no key at {name}", **facts)
    if len(texts) > 1:
        said = f"{len(texts)} TXT records at {name}: which is the key is left to chance"
        return bad(check, "key-multiple", said, **facts)
    facts["record"] = texts[0]
    return _judged(check, selector, parse_key(texts[0]), facts)


def _judged(check: str, selector: str, key: DkimKey, facts: dict[str, Json]) -> Check:
    facts |= {"key_kind": key.kind, "bits": key.bits}
    if key.problem:
        said = f"{selector}: {key.problem}"
        return bad(check, "key-invalid", said, **facts, detail=key.problem)
    if key.revoked:
        return bad(check, "key-revoked", f"{selector}: the key is revoked (p is empty)", **facts)
    if key.kind == "rsa" and key.bits < SMALLEST:
        said = f"{selector}: {key.bits} bits are too few for every receiver"
        return bad(check, "key-weak", said, **facts)
    if key.hashes and "sha256" not in key.hashes:
        said = f"{selector}: h={':'.join(key.hashes)} allows no SHA-256, which all signatures use"
        return bad(check, "key-hash", said, **facts)
    if key.testing:
        return doubtful(check, "key-testing", f"{selector}: t=y says that it is a test", **facts)
    if key.kind == "ed25519":
        said = f"{selector}: Ed25519, which not every receiver verifies"
        return doubtful(check, "key-ed25519", said, **facts)
    if key.bits < ADVISED:
        said = f"{selector}: {key.bits} bits; {ADVISED} are advised"
        return doubtful(check, "key-short", said, **facts)
    return good(check, f"{selector}: RSA, {key.bits} bits", **facts)


def _none_of_provider(question: DomainQuestion, domain: str) -> Check:
    tried = ", ".join(question.likely_selectors)
    return bad(
        "dkim.key",
        "provider-keys-missing",
        f"no key of {question.provider} is there (looked for {tried})",
        domain=domain,
        selector=question.likely_selectors[0],
        at=f"{question.likely_selectors[0]}._domainkey.{domain}",
        selectors=list(question.likely_selectors),
        provider_name=question.provider,
        dkim_words=question.dkim_words or None,
    )


def _any(names: Names, question: DomainQuestion, domain: str) -> Check:
    """`_domainkey` itself: where it does not exist, nothing does below it (RFC 8020); where it
    does, that proves no key."""
    name = f"_domainkey.{domain}"
    answer = names.ask(name, "TXT")
    facts: dict[str, Json] = {
        "domain": domain,
        "at": name,
        "dkim_words": question.dkim_words or None,
        "provider_name": question.provider or None,
    }
    if answer.failed:
        return unknown("dkim.key", f"TXT of {name}")
    if answer.status == "nxdomain":
        said = "no DKIM key can exist: there is no name below _domainkey"
        return bad("dkim.key", "no-keys", said, **facts)
    said = "something is published below _domainkey; name the selector to have its key checked"
    return noted("dkim.key", said, **facts)


def key_holds(checks: list[Check]) -> bool | None:
    """Whether a key is there by which every receiver can verify; None where that is not known, as
    of one that is Ed25519 alone: RFC 8463 is not everybody's yet."""
    keys = [each for each in checks if each.name.startswith("dkim.key")]
    if any(each.outcome is Outcome.PASSED for each in keys):
        return True
    if any(each.kind in ("key-short", "key-testing") and _is_rsa(each) for each in keys):
        return True
    if any(each.facts.get("key_kind") == "ed25519" and each.kind in _UNCOMMON for each in keys):
        return None
    return False if any(each.outcome is Outcome.FAILED for each in keys) else None


def _is_rsa(check: Check) -> bool:
    return check.facts.get("key_kind") != "ed25519"
