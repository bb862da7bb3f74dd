"""JSON lines on standard output while the run goes on: each target as soon as it is done."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from smtpcheck.cli.stdout import write_stdout
from smtpcheck.model.report import Report


class LineStream:
    """Takes the targets of a run from several threads, and writes each once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._written: set[int] = set()
        self._closed = False
        self._failed = ""

    def take(self, number: int, report: Report) -> None:
        """Writes the one target of the report, which is that of this number in the run."""
        with self._lock:
            if not self._closed:
                self._write(number, report)

    def close(self, report: Report) -> str:
        """Writes the targets that were not done when the run ended; what threads that were left
        behind still bring is not taken. Returns why something could not be written, or nothing."""
        with self._lock:
            self._closed = True
            for number, target in enumerate(report.targets):
                if number not in self._written:
                    self._write(number, replace(report, targets=(target,)))
            return self._failed

    def _write(self, number: int, report: Report) -> None:
        from smtpcheck.report.jsonl import render_jsonl

        self._written.add(number)
        self._failed = self._failed or write_stdout(render_jsonl(report))
