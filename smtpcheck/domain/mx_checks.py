"""Where bounces and answers to the domain go: its MX records (RFC 5321 section 5.1, RFC 7505)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from smtpcheck.domain.names import Answer, Names
from smtpcheck.domain.outcome import bad, doubtful, good, noted, unknown
from smtpcheck.model.domain import Check, DnsRecord, DomainQuestion
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

_HOSTS = 12


@dataclass(frozen=True, slots=True)
class MailHosts:
    """The MX hosts of a domain, the best first."""

    hosts: tuple[str, ...] = ()
    """Without the final dot, lower case; the domain itself where it has no MX and an address."""
    secure: bool = False
    """The answer is validated by DNSSEC."""


def exists(names: Names, domain: str) -> bool:
    """Whether there is such a domain: where there is none, nothing is below it (RFC 8020)."""
    return names.ask(domain, "MX").status != "nxdomain"


def mail_hosts(names: Names, domain: str) -> MailHosts:
    """The hosts that the domain's mail goes to; none with a null MX."""
    answer = names.ask(domain, "MX")
    found = [host for _, host in _rows(answer) if host]
    if not answer.records and names.addresses(domain)[0]:
        found = [domain]
    return MailHosts(tuple(dict.fromkeys(found[:_HOSTS])), answer.secure)


def mx_checks(names: Names, question: DomainQuestion) -> Iterator[Check]:
    """The checks of the MX records and of each host that they name."""
    domain = question.domain
    answer = names.ask(domain, "MX")
    facts: dict[str, Json] = {"domain": domain}
    if answer.failed:
        yield unknown("mx.records", f"MX of {domain}")
        return
    if not answer.records:
        yield _without_mx(names, domain, answer, facts)
        return
    rows = _rows(answer)
    listed: list[Json] = [f"{preference} {host or '.'}" for preference, host in rows]
    facts["records"] = listed
    if ("", 0) in [(host, preference) for preference, host in rows]:
        yield _null(domain, rows, facts)
        return
    said = ", ".join(str(each) for each in listed[:3])
    said += f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    yield good("mx.records", said, **facts)
    for host in mail_hosts(names, domain).hosts:
        yield from _host(names, domain, host)


def _rows(answer: Answer) -> list[tuple[int, str]]:
    rows = [
        (int(record.preference), record.exchange.to_text(omit_final_dot=True).lower())
        for record in answer.records
    ]
    return sorted((preference, "" if host in (".", "@") else host) for preference, host in rows)


def _without_mx(names: Names, domain: str, answer: Answer, facts: dict[str, Json]) -> Check:
    if answer.status == "nxdomain":
        return bad("mx.records", "no-domain", f"{domain} does not exist in DNS", **facts)
    addresses, found = names.addresses(domain)
    if found.failed:
        return unknown("mx.records", f"A of {domain}")
    if addresses:
        said = f"no MX; mail goes to the address of {domain} itself"
        return noted("mx.records", said, **facts)
    said = f"{domain} takes no mail: no MX and no address, so bounces and answers are lost"
    return doubtful("mx.records", "no-mx", said, **facts)


def _null(domain: str, rows: list[tuple[int, str]], facts: dict[str, Json]) -> Check:
    if len(rows) > 1:
        said = 'the null MX ("0 .") must stand alone, and there are others (RFC 7505)'
        return bad("mx.records", "null-mx-among-others", said, **facts)
    said = f"{domain} says that it takes no mail (null MX): bounces and answers are lost"
    return doubtful("mx.records", "null-mx", said, **facts)


def _host(names: Names, domain: str, host: str) -> Iterator[Check]:
    facts: dict[str, Json] = {"domain": domain, "host": host}
    if _is_address(host):
        said = f"the MX names the address {host}; it must name a host"
        yield bad("mx.host", "mx-is-address", said, **facts)
        return
    addresses, answer = names.addresses(host)
    if answer.aliases:
        facts["target"] = answer.aliases[-1]
        preference = next((row for row, name in _rows(names.ask(domain, "MX")) if name == host), 10)
        direct = DnsRecord(domain, "MX", f"{preference} {answer.aliases[-1]}.")
        said = f"{host} is an alias (CNAME), which no MX may name"
        yield doubtful("mx.host", "mx-is-alias", said, direct, **facts)
    if addresses:
        return
    if answer.failed:
        yield unknown("mx.host", f"A of {host}")
    else:
        yield bad("mx.host", "mx-without-address", f"{host} has no address", **facts)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
