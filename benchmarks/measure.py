"""Races whole processes against each other: A B C, A B C, ...; medians, and ratios per round."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import exporter
from benchmarks.failure import FailedRunError
from benchmarks.processes import Peak, cpu_seconds, resident_peak, tree_peak


@dataclass(frozen=True, slots=True)
class Runner:
    """One command of a race."""

    name: str
    argv: Sequence[str]
    proof: str = ""
    """What its output must contain, as a regular expression in which ^ and $ match at lines: a
    client that failed quickly must not win."""
    environment: Mapping[str, str] = field(default_factory=dict)
    times: int | None = None
    """How often the proof must be there, neither more nor less; None: once or more."""
    stdin: str = ""
    """A file that it reads."""
    answers: str = ""
    """A folder into which it writes output, a file each; emptied after the run."""
    exporter: Sequence[str] = ()
    """A command that serves while the race lasts, and is asked by `argv`: the CPU time and the
    memory are those of this one."""
    port: int = 0
    """Where the exporter listens, on 127.0.0.1."""


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


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, of the user and of the system."""
    peak_kib: int


def race(runners: Sequence[Runner], rounds: int) -> dict[str, Times]:
    """Runs every command once a round; who begins changes from round to round. The times of the
    first round do not count: it fills the caches, and looks for the peak of memory instead.
    Raises FailedRunError."""
    times = {runner.name: Times() for runner in runners}
    with ExitStack() as stack:
        serving = _exporters(runners, stack)
        for number in range(rounds + 1):
            shift = number % len(runners)
            for runner in (*runners[shift:], *runners[:shift]):
                run = once(runner, serving.get(tuple(runner.exporter)), watched=not number)
                taken = times[runner.name]
                taken.peak_kib = max(taken.peak_kib, run.peak_kib)
                if number:
                    taken.wall.append(run.wall)
                    taken.cpu.append(run.cpu)
    return times


def _exporters(runners: Sequence[Runner], stack: ExitStack) -> dict[tuple[str, ...], int]:
    """Starts each exporter once, whoever asks it; their process ids."""
    serving: dict[tuple[str, ...], int] = {}
    for runner in runners:
        argv = tuple(runner.exporter)
        if argv and argv not in serving:
            environment = clean_environment() | dict(runner.environment)
            serving[argv] = stack.enter_context(exporter.serving(argv, runner.port, environment))
    return serving


def once(runner: Runner, serving: int | None = None, *, watched: bool = False) -> Run:
    """One run; `serving` is the process id of its exporter. When watched, the memory of all its
    processes together is looked at, else that of the largest. Raises FailedRunError."""
    before = cpu_seconds(serving) if serving else 0.0
    with ExitStack() as stack:
        out = stack.enter_context(tempfile.TemporaryFile())
        given = stack.enter_context(Path(runner.stdin or os.devnull).open("rb"))
        begun = time.perf_counter()
        process = subprocess.Popen(
            runner.argv,
            stdin=given,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=clean_environment() | dict(runner.environment),
        )
        peak = stack.enter_context(tree_peak(process.pid)) if watched else Peak()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode(errors="replace") + _collect(runner.answers)
    _must_have_worked(runner, process.returncode, text)
    if serving:
        return Run(wall, cpu_seconds(serving) - before, resident_peak(serving))
    return Run(wall, usage.ru_utime + usage.ru_stime, max(peak.kib, usage.ru_maxrss))


def _collect(folder: str) -> str:
    """What the files of the folder hold, which are removed."""
    texts = []
    for path in Path(folder).iterdir() if folder else ():
        texts.append(path.read_text(errors="replace"))
        path.unlink()
    return "".join(texts)


def _must_have_worked(runner: Runner, code: int, text: str) -> None:
    found = len(re.findall(runner.proof, text, re.MULTILINE))
    good = found > 0 if runner.times is None else found == runner.times
    if code or not good:
        wanted = "" if runner.times is None else f" {runner.times} times"
        raise FailedRunError(
            f"{runner.name} ended with {code}, and with {runner.proof!r} {found} times in its "
            f"output{wanted and ', not' + wanted}:\n{text[-2000:]}"
        )


def clean_environment() -> dict[str, str]:
    """The environment without what changes how Python starts."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def ratio(times: Times, base: Times) -> float:
    """The median of the rounds' ratios: noise that lasts longer than a round falls out of it."""
    return statistics.median(a / b for a, b in zip(times.wall, base.wall, strict=True))
