"""What DNS says of a mail domain: whether it exists, its MX hosts, its SRV records, usual names.

RFC 6186 section 3.1 and RFC 8314 section 5.1 name the services; RFC 2782 is the format of SRV, RFC
7505 the null MX.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import field, replace

from smtpcheck.discover.usable import usable_host
from smtpcheck.discover.xml_settings import MOST
from smtpcheck.model.discovery import Found, Offer, Source, Standing, Subject
from smtpcheck.model.value import dataclass
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.resolve_config import ResolverConfig, parse_resolver, system_config
from smtpcheck.probe.resolve_name import HostName, read_host
from smtpcheck.probe.resolve_query import Asked, Pace, ask
from smtpcheck.probe.resolve_wire import Question

SERVICES = (("_submissions._tcp", "tls"), ("_submission._tcp", "starttls"))
AUTODISCOVER = "_autodiscover._tcp"
USUAL_NAMES = ("smtp", "mail", "submission")
WAYS = ((465, "tls"), (587, "starttls"))
_WAIT = 4.0
"""Seconds that one DNS server is waited for."""
_ABSENT = ("nxdomain", "nodata")
_FAULTS = {
    "servfail": "the DNS server could not find out (SERVFAIL)",
    "refused": "the DNS server refuses to answer",
    "malformed": "the DNS server sends an unusable answer",
    "timeout": "no DNS server answered in time",
    "unreachable": "no DNS server can be reached",
}


@dataclass(frozen=True, slots=True)
class Service:
    """One SRV record."""

    priority: int
    weight: int
    port: int
    target: str
    """`.`: the service is decidedly not there."""


@dataclass(frozen=True, slots=True)
class Zone:
    """What the domain's own records say."""

    status: str
    """Of the domain: `noerror`, `nodata`, `nxdomain`, or how asking failed."""
    mx: tuple[str, ...] = ()
    """By preference; `.` alone: it takes no mail."""
    services: dict[str, tuple[Service, ...]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """By service: why nothing is known of it."""
    has_address: bool = False
    """The domain's own name has one."""
    elapsed_ms: float = 0.0

    @property
    def takes_no_mail(self) -> bool:
        """Whether the domain says so by a null MX (RFC 7505)."""
        return self.mx == (".",)

    @property
    def refuses(self) -> bool:
        """Whether the domain says that it has no submission server, and names none."""
        targets = [each.target for name, _ in SERVICES for each in self.services.get(name, ())]
        return bool(targets) and set(targets) == {"."}

    @property
    def fault(self) -> str:
        """Why DNS could not be asked for the domain at all; empty where it answered."""
        return _FAULTS.get(self.status, "")


@dataclass(frozen=True, slots=True)
class Resolving:
    """Whom to ask."""

    config: ResolverConfig
    deadline: Deadline

    def ask(self, questions: Sequence[Question]) -> dict[Question, Asked]:
        """The answer to each question, all asked at the same time."""
        pace = Pace(min(self.config.timeout, _WAIT), self.config.attempts)
        askable = [each for each in questions if isinstance(read_host(each.name), HostName)]
        return ask(askable, self.config.servers, pace, self.deadline)


def resolving(
    resolver: str, deadline: Deadline, config: Callable[[], ResolverConfig] = system_config
) -> Resolving:
    """Asks the server that was named, else those of the system."""
    found = config()
    if resolver:
        found = replace(found, servers=(parse_resolver(resolver),))
    return Resolving(found, deadline)


def read_zone(subject: Subject, dns: Resolving) -> Zone:
    """Asks for all that the domain itself may say of mail."""
    begun = time.monotonic()
    names = [name for name, _ in SERVICES] + ([AUTODISCOVER] if subject.address else [])
    srv = {name: Question(f"{name}.{subject.domain}", "SRV") for name in names}
    own = [Question(subject.domain, kind) for kind in ("MX", "A", "AAAA")]
    answers = dns.ask([*own, *srv.values()])
    told = [answers[each].answer for each in own]
    status = next((each.status for each in told if each.conclusive), told[0].status)
    if "nxdomain" in [each.status for each in told]:
        status = "nxdomain"
    services: dict[str, tuple[Service, ...]] = {}
    failures: dict[str, str] = {}
    for name, question in srv.items():
        answer = answers[question].answer if question in answers else None
        if answer is None or answer.status in _ABSENT:
            continue
        if answer.status == "noerror":
            services[name] = _in_order([_service(value) for value in answer.values])
        else:
            failures[name] = _FAULTS.get(answer.status, answer.status)
    return Zone(
        status,
        told[0].values,
        services,
        failures,
        has_address=any(each.values for each in told[1:]),
        elapsed_ms=(time.monotonic() - begun) * 1000,
    )


def _service(value: str) -> Service:
    priority, weight, port, target = value.split(" ", 3)
    return Service(int(priority), int(weight), int(port), target)


def _in_order(services: Sequence[Service]) -> tuple[Service, ...]:
    """By priority, then the heavier first: the choice that RFC 2782 leaves to chance is the same
    at every run here."""
    return tuple(sorted(services, key=lambda each: (each.priority, -each.weight, each.target)))


def srv_sources(
    zone: Zone, subject: Subject, preset_of: Callable[[str], str]
) -> tuple[Source, ...]:
    """What the SRV records of submission say, one source each. `preset_of` gives the preset whose
    provider has a host, or nothing."""
    made = []
    for name, security in SERVICES:
        if name in zone.failures:
            words = f"{name}: {zone.failures[name]}"
            made.append(Source("srv", Found.FAILED, words, zone.elapsed_ms))
            continue
        records = zone.services.get(name, ())
        usable = [each for each in records if _is_usable(each)]
        offers = tuple(
            _offer(each, security, order, subject, preset_of)
            for order, each in enumerate(usable[:MOST])
        )
        outcome = Found.FOUND if offers else Found.NOTHING
        words = f"{name}: {_srv_words(records, usable)}"
        made.append(Source("srv", outcome, words, zone.elapsed_ms, offers))
    return tuple(made)


def _is_usable(service: Service) -> bool:
    return service.port > 0 and bool(usable_host(service.target))


def _offer(
    service: Service, security: str, order: int, subject: Subject, preset_of: Callable[[str], str]
) -> Offer:
    host = usable_host(service.target)
    near = subject.owns(host) or bool(preset_of(host))
    return Offer(
        source="srv",
        standing=Standing.SRV if near else Standing.SRV_OUTSIDE,
        host=host,
        port=service.port,
        security=security,
        order=order,
    )


def _srv_words(records: Sequence[Service], usable: Sequence[Service]) -> str:
    if usable:
        return ", ".join(f"{each.target}:{each.port}" for each in usable[:MOST])
    if not records:
        return "no record"
    if all(each.target == "." for each in records):
        return "the domain says that it has no such service"
    return "a record without a usable host and port"


def mx_source(zone: Zone) -> Source:
    """The MX hosts, as an observation; what follows from them others say."""
    if zone.fault:
        return Source("mx", Found.FAILED, zone.fault, zone.elapsed_ms)
    if zone.takes_no_mail:
        words = "null MX: the domain takes no mail (RFC 7505)"
        return Source("mx", Found.NOTHING, words, zone.elapsed_ms)
    if not zone.mx:
        words = "no MX record and no address: nobody takes its mail"
        if zone.has_address:
            words = "no MX record: mail goes to the domain's own address (RFC 5321 section 5.1)"
        if zone.status == "nxdomain":
            words = "DNS says that the domain does not exist"
        return Source("mx", Found.NOTHING, words, zone.elapsed_ms)
    more = f" and {len(zone.mx) - MOST} more" if len(zone.mx) > MOST else ""
    return Source("mx", Found.FOUND, ", ".join(zone.mx[:MOST]) + more, zone.elapsed_ms)


def guesses(
    zone: Zone, subject: Subject, dns: Resolving, preset_of: Callable[[str], str]
) -> tuple[Source, ...]:
    """Usual names that exist, and the MX hosts, as offers that nobody made. Where a name is an
    alias of a provider's host, that host is offered: its certificate has its own name alone."""
    begun = time.monotonic()
    names = [f"{label}.{subject.domain}" for label in USUAL_NAMES]
    answers = dns.ask([Question(name, kind) for name in names for kind in ("A", "AAAA")])
    ends = {
        each.name: usable_host(asked.answer.chain[-1]) if asked.answer.chain else each.name
        for each, asked in answers.items()
        if asked.answer.values
    }
    there = [ends[name] if preset_of(ends[name]) else name for name in names if name in ends]
    elapsed = (time.monotonic() - begun) * 1000
    failed = [each.answer.status for each in answers.values() if each.answer.status in _FAULTS]
    none = _FAULTS[failed[0]] if failed else f"none of {', '.join(names)} exists"
    outcome = Found.FOUND if there else (Found.FAILED if failed else Found.NOTHING)
    words = ", ".join(dict.fromkeys(there)) if there else none
    offers = _ways(list(dict.fromkeys(there)), "name", Standing.NAME)
    usual = Source("names", outcome, words, elapsed, offers)
    hosts = [host for host in map(usable_host, zone.mx) if host][:2]
    if not hosts:
        return (usual,)
    mx = f"{', '.join(hosts)}: for mail that comes in, seldom for submission"
    return usual, Source("mx host", Found.FOUND, mx, 0.0, _ways(hosts, "mx", Standing.MX))


def _ways(hosts: Sequence[str], source: str, standing: Standing) -> tuple[Offer, ...]:
    return tuple(
        Offer(
            source=source, standing=standing, host=host, port=port, security=security, order=order
        )
        for order, host in enumerate(hosts)
        for port, security in WAYS
    )
