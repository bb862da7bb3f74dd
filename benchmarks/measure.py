"""Races whole processes against each other: A B C, A B C, ...; medians, and ratios per round."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Runner:
    """One command of a race."""

    name: str
    argv: Sequence[str]
    proof: str = ""
    """What its output must contain: a client that failed quickly must not win."""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Times:
    """What one command took, a value per round."""

    wall: list[float] = field(default_factory=list)
    """Seconds."""
    cpu: list[float] = field(default_factory=list)
    """Seconds, of the user and of the system."""
    peak_kib: int = 0

    @property
    def typical(self) -> float:
        """Median of the wall clock, in seconds."""
        return statistics.median(self.wall)


class FailedRunError(Exception):
    """A command did not do what it was timed for."""


def race(runners: Sequence[Runner], rounds: int) -> dict[str, Times]:
    """Runs every command once a round; who begins changes from round to round. The first round
    is not counted: it fills the caches. Raises FailedRunError."""
    times = {runner.name: Times() for runner in runners}
    for number in range(rounds + 1):
        shift = number % len(runners)
        for runner in (*runners[shift:], *runners[:shift]):
            wall, cpu, peak = once(runner)
            if number:
                taken = times[runner.name]
                taken.wall.append(wall)
                taken.cpu.append(cpu)
                taken.peak_kib = max(taken.peak_kib, peak)
    return times


def once(runner: Runner) -> tuple[float, float, int]:
    """Wall clock and CPU in seconds, peak memory in KiB of one run. Raises FailedRunError."""
    with tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        process = subprocess.Popen(
            runner.argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=clean_environment() | dict(runner.environment),
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode(errors="replace")
    if process.returncode or runner.proof not in text:
        said = f"{runner.name} ended with {process.returncode}, without {runner.proof!r}:\n"
        raise FailedRunError(said + text[-2000:])
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def clean_environment() -> dict[str, str]:
    """The environment without what changes how Python starts."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def ratio(times: Times, base: Times) -> float:
    """The median of the rounds' ratios: noise that lasts longer than a round falls out of it."""
    return statistics.median(a / b for a, b in zip(times.wall, base.wall, strict=True))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, aligned: readable on a terminal, and ready for README.md."""
    grid = [list(heads), *map(list, rows)]
    widths = [max(len(row[column]) for row in grid) for column in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in grid
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def milliseconds(seconds: float) -> str:
    """For a cell: `12.3`."""
    return f"{seconds * 1000:.1f}"


def verdict(value: float, limit: float) -> str:
    """For a cell: what was aimed at, and whether it is reached."""
    return f"{'yes' if value <= limit else 'NO'} (at most {limit:g})"


def race_table(
    times: Mapping[str, Times], base: str, aims: Mapping[str, float] | None = None
) -> str:
    """A race as a table, each row with its ratio to the base."""
    rows = []
    for name, taken in times.items():
        value = ratio(taken, times[base])
        aim = (aims or {}).get(name)
        rows.append(
            [
                name,
                milliseconds(taken.typical),
                milliseconds(min(taken.wall)),
                milliseconds(statistics.median(taken.cpu)),
                f"{taken.peak_kib / 1024:.0f}",
                f"{value:.2f}",
                verdict(value, aim) if aim else "",
            ]
        )
    return table(["what", "ms", "least", "CPU ms", "peak MiB", f"ratio to {base}", "aim"], rows)
