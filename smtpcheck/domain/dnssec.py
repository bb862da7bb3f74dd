"""Whether DNSSEC vouches for a domain and its MX hosts (RFC 4035 section 4.3, RFC 7672)."""

from __future__ import annotations

from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, good, noted, unknown
from smtpcheck.model.domain import Check
from smtpcheck.model.jsonvalue import Json

_LISTED = 3


def dnssec_check(names: Names, domain: str, hosts: tuple[str, ...]) -> Check:
    """One check for all of them: `secure`, `insecure` or `bogus` each, as a validating resolver has
    it; not known where no such resolver was asked."""
    asked = [(domain, "MX"), *((host, "A") for host in hosts if host != domain)]
    names.ahead([*asked, (".", "SOA")])
    answers = {name: names.ask(name, type_) for name, type_ in asked}
    bogus = [name for name, answer in answers.items() if answer.status == "bogus"]
    facts: dict[str, Json] = {"domain": domain}
    if bogus:
        said = f"the DNSSEC signatures of {_some(bogus)} do not hold: resolvers that validate fail"
        return bad("mx.dnssec", "dnssec-bogus", said, **facts, bogus=list(bogus))
    silent = next((each for each in asked if answers[each[0]].failed), None)
    if silent is not None:
        return unknown("mx.dnssec", f"{silent[1]} of {silent[0]}")
    if not names.validates():
        return noted("mx.dnssec", f"not known: {_why_not(names)}", **facts)
    secure = [name for name, answer in answers.items() if answer.secure]
    insecure = [name for name in answers if name not in secure]
    facts |= {"secure": list(secure), "insecure": list(insecure)}
    if not insecure:
        return good("mx.dnssec", f"signed: {_some(secure)}", **facts)
    said = f"not signed: {_some(insecure)}"
    said += f"; signed: {_some(secure)}" if secure else ""
    return noted("mx.dnssec", said, **facts)


def _why_not(names: Names) -> str:
    if names.believed:
        return "the resolver does not validate (--resolver 9.9.9.9 does)"
    return "the resolver is not on this machine (--resolver IP names one to believe)"


def _some(names: list[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
