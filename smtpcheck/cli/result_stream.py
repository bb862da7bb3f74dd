"""Results on standard output while the run goes on: each target as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock

from smtpcheck.cli.stdout import write_stdout
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Telling:
    """How a format tells a run bit by bit."""

    target: Callable[[Report], Iterable[str]]
    """A report of one target, as text."""
    closing: Callable[[Report], Iterable[str]] = lambda _report: ()
    """What stands behind all targets."""


class ResultStream:
    """Takes the targets of a run from several threads, and writes each once."""

    def __init__(self, telling: Telling, count: int) -> None:
        self._telling = telling
        self._lock = Lock()
        self._written = bytearray(count)
        self._closed = False
        self._failed = ""

    def take(self, number: int, report: Report) -> None:
        """Writes the one target of the report, which is that of this number in the run."""
        with self._lock:
            if not self._closed:
                self._written[number] = 1
                self._write(self._telling.target(report))

    def close(self, report: Report) -> str:
        """Writes the targets that were not done when the run ended; what threads that were left
        behind still bring is not taken. Returns why something could not be written, or nothing."""
        with self._lock:
            self._closed = True
            for number, written in enumerate(self._written):
                if not written:
                    self._write(self._telling.target(_alone(report, report.targets[number])))
            self._write(self._telling.closing(report))
            return self._failed

    def _write(self, chunks: Iterable[str]) -> None:
        self._failed = self._failed or write_stdout(chunks)


def _alone(report: Report, target: TargetReport) -> Report:
    from dataclasses import replace

    return replace(report, targets=(target,))
