"""MTA-STS: the record, the policy, and whether the policy names every MX (RFC 8461)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smtpcheck.domain.mx_checks import MailHosts
from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, doubtful, good, noted, unknown
from smtpcheck.domain.policy_fetch import WebPlace, fetch_policy
from smtpcheck.model.domain import Check, DnsRecord
from smtpcheck.model.jsonvalue import Json

_RECORD = re.compile(r"v=STSv1[ \t]*;")
_DAY = 86_400
_SHORT = 7 * _DAY


def mta_sts_checks(names: Names, domain: str, mail: MailHosts, place: WebPlace) -> Iterator[Check]:
    """The checks; without a record and a policy one that says so."""
    at = f"_mta-sts.{domain}"
    texts, answer = names.texts(at)
    facts: dict[str, Json] = {"domain": domain, "at": at, "mx": list(mail.hosts)}
    if answer.failed:
        yield unknown("tls.mta-sts", f"TXT of {at}")
        return
    records = [text for text in texts if _RECORD.match(text)]
    if not records:
        yield _without_record(texts, facts)
        return
    wrong = f"{len(records)} records" if len(records) > 1 else _malformed(records[0])
    if wrong:
        publish = DnsRecord(at, "TXT", "v=STSv1; id=1")
        said = f"the record is void: {wrong}"
        yield bad("tls.mta-sts", "sts-record-invalid", said, publish, **facts, detail=wrong)
        return
    yield from _policy(names, domain, mail, place, facts)


def _without_record(texts: list[str], facts: dict[str, Json]) -> Check:
    near = next((text for text in texts if "stsv1" in text.lower()), "")
    if near:
        said = "the record does not begin with v=STSv1; and is void"
        publish = DnsRecord(str(facts["at"]), "TXT", "v=STSv1; id=1")
        return bad("tls.mta-sts", "sts-record-invalid", said, publish, **facts, detail=near)
    said = "not published: mail to the domain may travel without TLS"
    return noted("tls.mta-sts", said, **facts)


def _malformed(record: str) -> str:
    from checkdmarc.mta_sts import MTASTSError, parse_mta_sts_record

    try:
        parse_mta_sts_record(record)
    except MTASTSError as error:
        return " ".join(str(error).split())
    return ""


def _policy(
    names: Names, domain: str, mail: MailHosts, place: WebPlace, facts: dict[str, Json]
) -> Iterator[Check]:
    host = f"mta-sts.{domain}"
    addresses, _ = names.addresses(host)
    facts |= {"policy_host": host}
    if not addresses:
        said = f"there is a record, and no policy: {host} has no address"
        yield bad("tls.mta-sts", "sts-no-policy", said, **facts, problem="unreachable")
        return
    fetched = fetch_policy(host, addresses, place, names.remaining())
    if fetched.problem:
        said = f"the policy at {host} cannot be had: {fetched.detail}"
        more: dict[str, Json] = {"problem": fetched.problem, "detail": fetched.detail}
        yield bad("tls.mta-sts", "sts-no-policy", said, **facts, **more)
        return
    policy, wrong = _parsed(fetched.body)
    if wrong:
        said = f"the policy is void: {wrong}"
        yield bad("tls.mta-sts", "sts-policy-invalid", said, **facts, detail=wrong)
        return
    facts |= {"mode": policy["mode"], "max_age": policy["max_age"], "patterns": policy["mx"]}
    if fetched.content_type != "text/plain":
        kind = fetched.content_type or "without a type"
        said = f"the policy is served as {kind}; it must be text/plain"
        yield doubtful("tls.mta-sts", "sts-content-type", said, **facts, detail=kind)
        return
    yield _joined(policy, mail.hosts, facts)


def _parsed(body: str) -> tuple[Mapping[str, Any], str]:
    from checkdmarc.mta_sts import MTASTSError, parse_mta_sts_policy

    try:
        return parse_mta_sts_policy(body)["policy"], ""
    except MTASTSError as error:
        return {}, " ".join(str(error).split())


def _joined(policy: Mapping[str, Any], hosts: Sequence[str], facts: dict[str, Json]) -> Check:
    """The policy held against the MX hosts."""
    from checkdmarc.mta_sts import mx_in_mta_sts_patterns

    mode, patterns = str(policy["mode"]), list(policy["mx"])
    if mode == "none":
        return noted("tls.mta-sts", "mode none: it asks for nothing", **facts)
    left_out = [host for host in hosts if not mx_in_mta_sts_patterns(host, patterns)]
    if left_out:
        said = f"the policy (mode {mode}) does not name the MX {', '.join(left_out)}"
        kind = "sts-mx-left-out"
        made = bad if mode == "enforce" else doubtful
        return made("tls.mta-sts", kind, said, **facts, left_out=list(left_out))
    if policy["max_age"] < _SHORT:
        said = f"max_age is {policy['max_age']} s: a policy so short hardly protects"
        return doubtful("tls.mta-sts", "sts-short", said, **facts)
    days = policy["max_age"] // _DAY
    said = f"mode {mode}, {days} days, names every MX"
    return good("tls.mta-sts", said, **facts)
