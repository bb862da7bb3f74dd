"""The dns stage: what the system's resolver says of a host, what DNS says, and how they differ."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from smtpcheck.model.observation import Step
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.resolve_compare import difference
from smtpcheck.probe.resolve_config import (
    HOSTS,
    ResolverConfig,
    hosts_addresses,
    parse_resolver,
    system_config,
)
from smtpcheck.probe.resolve_name import HostName, Literal, ResolvedAddress, read_host
from smtpcheck.probe.resolve_steps import (
    compare_step,
    name_step,
    not_asked_step,
    query_outcome,
    query_step,
    shown,
    system_step,
    unasked,
)
from smtpcheck.probe.resolve_system import Found, GetAddrInfo, SystemAnswer, SystemLookup, in_order

if TYPE_CHECKING:
    from smtpcheck.probe.resolve_lookup import Lookup

__all__ = ["DnsRun", "ResolvedAddress", "Sources", "run_dns"]

GRACE = 2.0
"""Seconds that DNS is still waited for once the system has found addresses."""


@dataclass(frozen=True, slots=True)
class DnsRun:
    """What the stage recorded, and the addresses to connect to, in the order to try them."""

    steps: tuple[Step, ...]
    addresses: tuple[ResolvedAddress, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where this machine keeps what it knows of names."""

    config: Callable[[], ResolverConfig] = system_config
    hosts: Path = HOSTS
    getaddrinfo: GetAddrInfo = socket.getaddrinfo


THIS_MACHINE = Sources()


def run_dns(  # noqa: PLR0913 - one word each from profile, plan and watcher
    host: str,
    port: int,
    *,
    family: str,
    resolver: str,
    deadline: Deadline,
    timeout: float,
    started: Callable[[str], None],
    ended: Callable[[Step], object],
    sources: Sources = THIS_MACHINE,
) -> DnsRun:
    """Resolves a host both ways at the same time.

    `resolver`: the one DNS server to ask (`IP`, `IP:port`), whose addresses are then the ones
    used; empty: those of the system. `timeout`: seconds that any one wait may take. Without
    addresses exactly one step has failed. Raises UsageError for an unusable `resolver`.
    """
    server = parse_resolver(resolver) if resolver else None
    steps = _Steps(started, ended)
    steps.begin("dns.name")
    read = read_host(host)
    named = name_step(host, read, family, steps.elapsed_ms())
    steps.end(named)
    if not isinstance(read, HostName):
        usable = isinstance(read, Literal) and named.outcome is Outcome.PASSED
        return steps.run((read.address,) if isinstance(read, Literal) and usable else ())
    steps.begin("dns.system")
    system = SystemLookup(read.asked, port, family, sources.getaddrinfo)
    limit = deadline.within(timeout)
    hosts = _hosts(read.ascii, family, sources.hosts)
    if read.special:
        return _special(system.answer(limit), hosts, steps)
    from smtpcheck.probe.resolve_lookup import look_up  # while the system is busy

    steps.begin("dns.query")
    config = sources.config()
    config = replace(config, timeout=min(config.timeout, timeout))
    if server:
        config = replace(config, servers=(server,))
    patience = deadline if server else _Patience(deadline, system)
    found = look_up(read, family, config, patience)
    elapsed = steps.elapsed_ms()
    both = _Both(system.answer(limit), found, hosts, explicit=server is not None)
    steps.end(system_step(both.system, hosts, both.system_outcome))
    steps.end(query_step(found, both.query_outcome(dotted="." in read.ascii), elapsed))
    for step in both.compared():
        steps.begin(step.step)
        steps.end(step)
    return steps.run(both.addresses())


class _Steps:
    """Collects the steps and tells whoever watches."""

    def __init__(self, started: Callable[[str], None], ended: Callable[[Step], object]) -> None:
        self._started = started
        self._ended = ended
        self._steps: list[Step] = []
        self._begun = 0.0

    def begin(self, step: str) -> None:
        self._started(step)
        self._begun = time.monotonic()

    def elapsed_ms(self) -> float:
        return (time.monotonic() - self._begun) * 1000

    def end(self, step: Step) -> None:
        self._steps.append(step)
        self._ended(step)

    def run(self, addresses: tuple[ResolvedAddress, ...]) -> DnsRun:
        return DnsRun(tuple(self._steps), addresses)


class _Patience(Deadline):
    """A deadline that comes nearer once the system has found addresses: programs on this machine
    work, so a DNS server that does not answer is worth a warning, but no long wait."""

    __slots__ = ("_system",)

    def __init__(self, deadline: Deadline, system: SystemLookup) -> None:
        super().__init__(deadline.remaining())
        self._system = system

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        left = super().remaining()
        found_at = self._system.found_at
        return min(left, max(0.0, found_at + GRACE - time.monotonic())) if found_at else left


def _hosts(name: str, family: str, path: Path) -> tuple[str, ...]:
    wanted = {"ipv4": (4,), "ipv6": (6,)}.get(family, (4, 6))
    found = hosts_addresses(name, path)
    return tuple(each for each in found if ipaddress.ip_address(each).version in wanted)


def _special(answer: SystemAnswer, hosts: tuple[str, ...], steps: _Steps) -> DnsRun:
    """`localhost`: the system alone answers."""
    addresses = answer.addresses if isinstance(answer, Found) else ()
    steps.end(system_step(answer, hosts, Outcome.PASSED if addresses else Outcome.FAILED))
    steps.end(not_asked_step())
    return steps.run(addresses)


@dataclass(frozen=True, slots=True)
class _Both:
    """What both resolvers said, and what follows from it."""

    system: SystemAnswer
    dns: Lookup
    hosts: tuple[str, ...]
    explicit: bool
    """A server was named with `--resolver`: its addresses are the ones used."""

    @property
    def _system(self) -> tuple[ResolvedAddress, ...]:
        return self.system.addresses if isinstance(self.system, Found) else ()

    @property
    def _usable(self) -> bool:
        return bool(self.dns.addresses) or bool(self._system and not self.explicit)

    @property
    def system_outcome(self) -> Outcome:
        """Failed only where DNS said nothing that explains why there is no address."""
        if self._system:
            return Outcome.PASSED
        blamed = not self._usable and not self.explicit and unasked(self.dns)
        return Outcome.FAILED if blamed else Outcome.WARNED

    def query_outcome(self, *, dotted: bool) -> Outcome:
        """Failed where there is no address and DNS is the one that says so."""
        if self.dns.addresses:
            return query_outcome(self.dns, dotted=dotted)
        blamed = not self._usable and self.system_outcome is not Outcome.FAILED
        return Outcome.FAILED if blamed else Outcome.WARNED

    def compared(self) -> tuple[Step, ...]:
        """`dns.compare`, where both said something."""
        system, dns = (
            [shown(each) for each in self._system],
            [a.address for a in self.dns.addresses],
        )
        conclusive = self.dns.status in ("noerror", "nodata", "nxdomain")
        if not conclusive or not (system or dns):
            return ()
        return (compare_step(self._difference(), system, dns),)

    def _difference(self) -> str:
        system = [each.address for each in self._system]
        dns = [each.address for each in self.dns.addresses]
        return difference(system, dns, self.hosts, self.dns.ttl)

    def addresses(self) -> tuple[ResolvedAddress, ...]:
        """In the system's order; what only DNS knows comes after, unless the two contradict."""
        if not self.explicit and self._system and self._difference():
            return self._system
        known = {each.address for each in self._system}
        dns = {each.address for each in self.dns.addresses}
        kept = [each for each in self._system if not self.explicit or each.address in dns]
        return (*kept, *in_order(a for a in self.dns.addresses if a.address not in known))
