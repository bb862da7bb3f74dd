"""tls.issuance: how the certificate came to be, and whether DNS lets its CA issue the next one
(RFC 8659, RFC 6962, RFC 7633). No connection to the server is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.experiment_dns import dns_reply, resolvers
from smtpcheck.probe.resolve_name import HostName, read_host
from smtpcheck.probe.tls_ask import Asker, AskingEndedError, facts_of_run
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.probe.tls_look_chains import leaf_of
from smtpcheck.wire.certificate_issue import CaaRecord, Issue, allowed, forbidden, read_issue

_MOST_LABELS: Final = 8
"""Longer names are not climbed any further."""
_MOST_RECORDS: Final = 20


def look_at_issuance(asker: Asker, seen: Seen, look: Look) -> None:
    """tls.issuance"""
    shown = seen.usual.certificates if seen.usual else ()
    der = seen.leaf or (shown[0] if shown else asker.run.talk.link.leaf)
    issue = read_issue(der) if der else None
    if issue is None:
        raise AskingEndedError("no certificate was seen that can be read")
    count = issue.timestamps
    look.facts |= {
        "issuer": issue.issuer,
        "timestamps": count,
        "must_staple": issue.must_staple,
    }
    look.said.append(f"issued by {issue.issuer or 'nobody'}")
    look.said.append(f"{count or 'no'} transparency log{'' if count == 1 else 's'}")
    if issue.must_staple:
        look.said.append("demands an OCSP response")
    _ask_caa(asker, issue, look)


def _ask_caa(asker: Asker, issue: Issue, look: Look) -> None:
    name = _public_name(asker)
    if not name:
        look.facts["caa_status"] = "not-asked"
        return
    status, at, records = _caa(asker, name)
    look.facts["caa_status"] = status
    if status == "none":
        look.said.append("no CAA record")
    if status != "found":
        return
    listed: list[Json] = [
        {"flags": each.flags, "tag": each.tag, "value": each.value} for each in records
    ]
    names = allowed(records)
    look.facts |= {"caa": listed, "caa_name": at}
    verdict = forbidden(issue.issuer, records, wildcard=_by_wildcard(asker, name))
    look.facts["caa_allows"] = None if verdict is None else not verdict
    told = ", ".join(names) or "nobody"
    look.said.append(f"CAA names {told}" if verdict is not False else "CAA allows it")
    if verdict:
        detail = f"the CAA record of {at} names {told}; the certificate is of {issue.issuer}"
        look.problem("caa-forbids", detail, name=at, allowed=[*names], issuer=issue.issuer)


def _public_name(asker: Asker) -> str:
    """The name to ask for; empty where the run had no answer from DNS either: to an address, by the
    hosts file, or where only a proxy resolves names."""
    known = facts_of_run(asker.run, "dns.query").get("status") == "noerror"
    read = read_host(asker.server_name) if known and asker.server_name else None
    return read.ascii.removesuffix(".") if isinstance(read, HostName) else ""


def _caa(asker: Asker, name: str) -> tuple[str, str, tuple[CaaRecord, ...]]:
    """Climbs from the name to the top until a name has records. `found`, `none` or `unknown`."""
    for each in _above(name):
        records = _records(asker, each)
        if records is None:
            return "unknown", each, ()
        if records:
            return "found", each, records
    return "none", "", ()


def _above(name: str) -> Iterator[str]:
    labels = name.split(".")
    yield name
    for start in range(1, len(labels)):
        if len(labels) - start < _MOST_LABELS:
            yield ".".join(labels[start:])


def _records(asker: Asker, name: str) -> tuple[CaaRecord, ...] | None:
    import dns.rcode
    import dns.rdatatype

    deadline: Deadline = asker.deadline
    for server in resolvers(asker.run):
        reply = dns_reply(name, "CAA", server, deadline)
        if reply is None or reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            continue
        records: list[Any] = [
            record
            for rrset in reply.answer
            if rrset.rdtype == dns.rdatatype.CAA
            for record in rrset
        ]
        return tuple(_read(record) for record in records[:_MOST_RECORDS])
    return None


def _read(record: Any) -> CaaRecord:
    tag, value = (
        bytes(part).decode("ascii", "backslashreplace") for part in (record.tag, record.value)
    )
    return CaaRecord(int(record.flags), tag, value[:200])


def _by_wildcard(asker: Asker, name: str) -> bool:
    """Whether the certificate covers the name by an asterisk alone."""
    names = leaf_of(facts_of_run(asker.run, "tls.handshake")).get("names")
    listed = [str(each).lower() for each in names] if isinstance(names, list | tuple) else []
    return name not in listed and f"*.{name.partition('.')[2]}" in listed
