"""The rows of the race of a fleet: rates, ratios, and what is aimed at."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.aims import Aim
from benchmarks.claims import Claim
from benchmarks.measure import Runner, Times, ratio


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: a client, and what is aimed at with it."""

    runner: Runner
    kind: str
    swaks: Aim | None = None
    blackbox: Aim | None = None
    memory: Aim | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A row, measured."""

    entry: Entry
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
            _cell(self.peak, entry.memory, 0),
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
        return "" if value is None else _cell(value, aim, 2)


def results(entries: Sequence[Entry], times: Mapping[str, Times], count: int) -> list[Result]:
    """The rows. What they are compared with is the faster row of swaks, and of blackbox."""
    bases = {}
    for who in ("swaks", "blackbox"):
        names = [entry.runner.name for entry in entries if entry.kind == who]
        if names:
            bases[who] = min((times[name] for name in names), key=lambda each: each.typical)
    return [
        Result(
            entry,
            times[entry.runner.name],
            {who: speedup(times[entry.runner.name], base) for who, base in bases.items()},
            count,
        )
        for entry in entries
    ]


def claims_of(rows: Sequence[Result], kinds: Mapping[str, str]) -> Iterator[Claim]:
    """What is claimed of each kind of rows that is there: by the faster row, in these words."""
    for kind, how in kinds.items():
        of_kind = [row for row in rows if row.entry.kind == kind]
        if of_kind:
            yield from min(of_kind, key=lambda row: row.times.typical).claims(how)


def speedup(times: Times, base: Times) -> float:
    """How many times the rate of the base: the median of the rounds."""
    return ratio(base, times)


def _cell(value: float, aim: Aim | None, digits: int) -> str:
    if aim is None:
        return f"{value:.{digits}f}"
    return f"{aim.figure(value, digits)}, {aim.verdict(value)}"
