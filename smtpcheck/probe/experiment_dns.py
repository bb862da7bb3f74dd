"""Experiments that ask DNS in another way; names are looked up, never connected to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from smtpcheck.diagnosis.experiment import Changes, LookUp
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.resolve_config import NameServer, parse_resolver, system_config
from smtpcheck.probe.resolve_name import HostName, read_host
from smtpcheck.probe.resolve_system import Found, SystemLookup
from smtpcheck.probe.run import Run

if TYPE_CHECKING:
    import dns.message

WAIT = 2.0
"""Seconds that one question may take."""
_SERVICES = (("_submissions._tcp", "tls"), ("_submission._tcp", "starttls"))
_MOST_SERVERS = 3


def look_up_otherwise(run: Run, experiment: LookUp, deadline: Deadline) -> ExperimentResult:
    """Makes one experiment of DNS."""
    begun = time.monotonic()
    how: dict[str, Callable[[Run, LookUp, Deadline], tuple[Ended, Changes]]] = {
        "configured": _configured,
        "unchecked": _unchecked,
        "srv": _srv,
        "similar": _similar,
        "family": _family,
    }
    ended, changes = how[experiment.how](run, experiment, deadline)
    facts = dict(ended.facts)
    if changes:
        facts["changes"] = [{"key": key, "value": value} for key, value in changes]
    took = round((time.monotonic() - begun) * 1000, 3)
    return ExperimentResult(experiment.name, ended.outcome, ended.summary, took, facts)


def _configured(run: Run, experiment: LookUp, deadline: Deadline) -> tuple[Ended, Changes]:
    """The system's own resolver, where the run was told to ask another one."""
    name = experiment.names[0]
    asked = _asked_name(name)
    if asked is None:
        return Ended.skipped(f"{name} cannot be asked for"), ()
    answer = SystemLookup(asked, run.profile.port, "any").answer(deadline.within(WAIT))
    if isinstance(answer, Found):
        addresses: list[Json] = [each.address for each in answer.addresses]
        said = f"the resolver of this machine knows {name}: {', '.join(map(str, addresses))}"
        return Ended.passed(said, addresses=addresses), ()
    return Ended.failed(f"the resolver of this machine: {answer.message}", kind=answer.kind), ()


def _unchecked(run: Run, experiment: LookUp, deadline: Deadline) -> tuple[Ended, Changes]:
    """The same question with the bit CD set (RFC 4035 section 3.2.2): without validation."""
    name = experiment.names[0]
    for server in resolvers(run):
        status, values = _ask(name, "A", server, deadline, unchecked=True)
        if status == "noerror":
            said = f"without DNSSEC validation {server} gives {', '.join(values) or 'an answer'}"
            facts: dict[str, Json] = {"status": status, "addresses": list(values)}
            return Ended(Outcome.PASSED, said, {**facts, "server": str(server)}), ()
    return Ended.failed("without DNSSEC validation the answer is no better", status="failed"), ()


def _srv(run: Run, experiment: LookUp, deadline: Deadline) -> tuple[Ended, Changes]:
    """The submission servers that a domain names itself (RFC 6186, RFC 8314 section 5.1)."""
    for domain in experiment.names:
        for service, security in _SERVICES:
            found = _service(run, f"{service}.{domain}", deadline)
            if found is None:
                continue
            host, port = found
            if not _addresses(run, host, deadline):
                continue
            said = f"{service}.{domain} names {host}, port {port}"
            facts: dict[str, Json] = {
                "domain": domain,
                "host": host,
                "port": port,
                "security": security,
            }
            return Ended(Outcome.PASSED, said, facts), ((experiment.key, host),)
    return Ended.failed(f"no submission service is named by {', '.join(experiment.names)}"), ()


def _similar(run: Run, experiment: LookUp, deadline: Deadline) -> tuple[Ended, Changes]:
    """Whether a known server of nearly this name exists."""
    for name in experiment.names:
        addresses = _addresses(run, name, deadline)
        if addresses:
            said = f"{name} exists: {', '.join(addresses)}"
            return Ended.passed(said, host=name, addresses=[*addresses]), ((experiment.key, name),)
    return Ended.failed(f"not in DNS either: {', '.join(experiment.names)}"), ()


def _family(run: Run, experiment: LookUp, deadline: Deadline) -> tuple[Ended, Changes]:
    """Whether the host has an address of the family that the profile does not allow."""
    name, family = experiment.names[0], experiment.key
    addresses = _addresses(run, name, deadline, "AAAA" if family == "ipv6" else "A")
    if not addresses:
        asked = _asked_name(name)
        if asked is not None and not run.plan.resolver:
            answer = SystemLookup(asked, run.profile.port, family).answer(deadline.within(WAIT))
            if isinstance(answer, Found):
                addresses = tuple(each.address for each in answer.addresses)
    if addresses:
        said = f"{name} has addresses of the other family: {', '.join(addresses)}"
        change: Changes = (("server.address_family", "any"),)
        return Ended.passed(said, family=family, addresses=[*addresses]), change
    return Ended.failed(f"{name} has no address of the other family either", family=family), ()


def _addresses(run: Run, name: str, deadline: Deadline, *kinds: str) -> tuple[str, ...]:
    for server in resolvers(run):
        for kind in kinds or ("A", "AAAA"):
            status, values = _ask(name, kind, server, deadline)
            if status == "noerror" and values:
                return values
            if status == "nxdomain":
                return ()
    return ()


def _service(run: Run, name: str, deadline: Deadline) -> tuple[str, int] | None:
    """The target of the best record: lowest priority, then highest weight (RFC 2782)."""
    for server in resolvers(run):
        reply = dns_reply(name, "SRV", server, deadline)
        if reply is None:
            continue
        import dns.rdatatype

        records: list[Any] = [
            record
            for rrset in reply.answer
            if rrset.rdtype == dns.rdatatype.SRV
            for record in rrset
        ]
        usable = [each for each in records if each.target.to_text() != "."]
        if not usable:
            return None
        best = min(usable, key=lambda each: (each.priority, -each.weight))
        return best.target.to_text(omit_final_dot=True).lower(), int(best.port)
    return None


def _ask(
    name: str, kind: str, server: NameServer, deadline: Deadline, *, unchecked: bool = False
) -> tuple[str, tuple[str, ...]]:
    """Status in the words of docs/facts.md, and the addresses."""
    import dns.rcode
    import dns.rdatatype

    reply = dns_reply(name, kind, server, deadline, unchecked=unchecked)
    if reply is None:
        return "timeout", ()
    words = {0: "noerror", 2: "servfail", 3: "nxdomain", 5: "refused"}
    status = words.get(int(reply.rcode()), dns.rcode.to_text(reply.rcode()).lower())
    wanted = dns.rdatatype.from_text(kind)
    values = tuple(
        record.to_text() for rrset in reply.answer if rrset.rdtype == wanted for record in rrset
    )
    return ("nodata" if status == "noerror" and not values else status), values


def dns_reply(
    name: str, kind: str, server: NameServer, deadline: Deadline, *, unchecked: bool = False
) -> dns.message.Message | None:
    """The server's answer; None where it gave none that can be read."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.query

    left = deadline.within(WAIT).remaining()
    if left <= 0:
        return None
    try:
        query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        if unchecked:
            query.flags |= dns.flags.CD
        reply, _ = dns.query.udp_with_fallback(
            query, server.address, timeout=left, port=server.port
        )
    except (dns.exception.DNSException, OSError, ValueError):
        return None
    return reply


def resolvers(run: Run) -> Sequence[NameServer]:
    """Whom to ask: the resolver that the run was told of, else the first of this machine."""
    if run.plan.resolver:
        return (parse_resolver(run.plan.resolver),)
    return system_config().servers[:_MOST_SERVERS]


def _asked_name(name: str) -> str | None:
    read = read_host(name)
    return read.asked if isinstance(read, HostName) else None
