"""A thousand log-ins: how many a second, for how much CPU time and memory."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.claims import Aim, Claim, Measured
from benchmarks.fleet_clients import FleetClients
from benchmarks.measure import Runner, Times, ratio
from benchmarks.network import Laboratory
from benchmarks.peers import lacking, program
from benchmarks.tables import table

SWAKS_AIM, BLACKBOX_AIM, ALL_CORES_AIM = Aim(10, True), Aim(0.7, True), Aim(1, True)
MEMORY_AIM = Aim(60)
CLAIMED = {
    "one process": "in one process",
    "all cores": "in as many processes as there are cores",
}
"""Kinds of rows: the faster one of each makes the claims."""
NOTES = """\
All run on the processors that the servers run on too, so the servers bound what can be reached.
CPU: of the client, not of the server; of an exporter without the curl that asks it. Peak: of all
processes of a client together, or of the exporter. Ratios: of the rates, to the faster row of
swaks and of blackbox_exporter.

What they leave out: swaks verifies the chain, not the name. curl sends a NOOP, as it cannot end
after a log-in. check_smtp verifies nothing, and logs in with LOGIN. blackbox_exporter compares
replies with patterns. msmtp cannot log in without a message, so it has no row. smtpcheck alone
says why a log-in fails; its report is part of what is timed."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row: a client, and what is aimed at with it."""

    runner: Runner
    kind: str
    swaks: Aim | None = None
    blackbox: Aim | None = None
    memory: Aim | None = None


@dataclass(frozen=True, slots=True)
class _Result:
    """A row, measured."""

    entry: _Entry
    times: Times
    against: Mapping[str, float]
    """How many times the rate of swaks and of blackbox, as far as these are here."""
    count: int

    @property
    def peak(self) -> float:
        """In MiB."""
        return self.times.peak_kib / 1024

    def cells(self) -> list[str]:
        """For the table."""
        entry, took = self.entry, self.times.typical
        return [
            entry.runner.name,
            f"{took:.1f}",
            f"{self.count / took:.0f}",
            f"{statistics.median(self.times.cpu) * 1000 / self.count:.1f}",
            f"{self.peak:.0f}{_verdict(self.peak, entry.memory)}",
            self._ratio("swaks", entry.swaks),
            self._ratio("blackbox", entry.blackbox),
        ]

    def claims(self, how: str) -> Iterator[Claim]:
        """What is aimed at, `how` the log-ins were done."""
        start = f"{self.count} log-ins {how}"
        for who, aim in (("swaks", self.entry.swaks), ("blackbox", self.entry.blackbox)):
            if aim and who in self.against:
                name = {"swaks": "swaks under xargs", "blackbox": "blackbox_exporter"}[who]
                yield Claim(f"{start}: rate as a multiple of {name}", self.against[who], aim)
        if self.entry.memory:
            yield Claim(f"{start}: peak of memory in MiB", self.peak, self.entry.memory, 0)

    def _ratio(self, who: str, aim: Aim | None) -> str:
        value = self.against.get(who)
        return "" if value is None else f"{value:.2f}{_verdict(value, aim)}"


def race_of_fleet(lab: Laboratory, clients: FleetClients, rounds: int) -> Measured:
    """The table of all clients that are here."""
    clients.prepare()
    entries = [*_peers(clients), *_own(clients)]
    times = lab.near.race([entry.runner for entry in entries], rounds)
    results = list(_results(entries, times, clients.fleet.count))
    heads = ["what", "s", "a second", "CPU ms each", "peak MiB", "x swaks", "x blackbox_exporter"]
    rows = table(heads, [result.cells() for result in results])
    without = [f"Without {each}: not installed." for each in lacking()]
    without += [f"Without `{each}`: this version does not have it." for each in _missing(clients)]
    claims = [
        claim
        for kind, how in CLAIMED.items()
        if any(result.entry.kind == kind for result in results)
        for claim in _fastest(results, kind).claims(how)
    ]
    return Measured(
        f"{clients.fleet.count} log-ins", "\n".join([rows, "", NOTES, *without]), tuple(claims)
    )


def speedup(times: Times, base: Times) -> float:
    """How many times the rate of the base: the median of the rounds."""
    return ratio(base, times)


def _peers(clients: FleetClients) -> Iterator[_Entry]:
    yield _Entry(clients.swaks(8), "swaks")
    yield _Entry(clients.swaks(16), "swaks")
    if program("curl"):
        yield _Entry(clients.curl(16), "curl")
    if program("check_smtp"):
        yield _Entry(clients.check_smtp(16), "check_smtp")
    if program("curl") and program("prometheus-blackbox-exporter"):
        yield _Entry(clients.blackbox(10), "blackbox")
        yield _Entry(clients.blackbox(50), "blackbox")


def _own(clients: FleetClients) -> Iterator[_Entry]:
    missing = _missing(clients)
    for at_once in (25, 50):
        runner = clients.smtpcheck(at_once)
        yield _Entry(runner, "one process", SWAKS_AIM, BLACKBOX_AIM, MEMORY_AIM)
    yield _Entry(clients.smtpcheck(50, "--format", "jsonl"), "jsonl")
    if "--processes" not in missing:
        runner = clients.smtpcheck(50, "--processes", str(os.cpu_count() or 1))
        yield _Entry(runner, "all cores", blackbox=ALL_CORES_AIM)
    if "serve" not in missing and program("curl"):
        yield _Entry(clients.serve(10), "serve")
        yield _Entry(clients.serve(50), "serve")


def _missing(clients: FleetClients) -> list[str]:
    wanted = {"--processes": ("probe", "--processes"), "serve": ("serve",)}
    return [name for name, words in wanted.items() if not clients.offers(*words)]


def _results(
    entries: Sequence[_Entry], times: Mapping[str, Times], count: int
) -> Iterator[_Result]:
    bases = {}
    for who in ("swaks", "blackbox"):
        names = [entry.runner.name for entry in entries if entry.kind == who]
        if names:
            bases[who] = min((times[name] for name in names), key=lambda each: each.typical)
    for entry in entries:
        taken = times[entry.runner.name]
        against = {who: speedup(taken, base) for who, base in bases.items()}
        yield _Result(entry, taken, against, count)


def _fastest(results: Sequence[_Result], kind: str) -> _Result:
    return min(
        (result for result in results if result.entry.kind == kind),
        key=lambda result: result.times.typical,
    )


def _verdict(value: float, aim: Aim | None) -> str:
    return f", {aim.verdict(value)}" if aim else ""
