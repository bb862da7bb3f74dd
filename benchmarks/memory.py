"""The memory of one run over thousands of targets: level, however many there are."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.aims import Aim
from benchmarks.claims import Claim, Measured
from benchmarks.failure import FailedRunError
from benchmarks.installed import Installed
from benchmarks.many_targets import HEADS, LEVEL, Ran, is_bad, probe, served, write_list
from benchmarks.tables import table

WORDS = ("--jobs", "32")
NOTE = """\
Small servers of the benchmark's own, without TLS and a login; one in ten hangs, refuses or resets.
Every target is in the JSON report and in the JSON lines on standard output, which is checked."""


def measure(programs: Installed, counts: Sequence[int]) -> Measured:
    """The table of a smaller and of a larger run. Raises FailedRunError when a target is lost."""
    ran: dict[int, Ran] = {}
    with tempfile.TemporaryDirectory(prefix="smtpcheck-bench-") as place, served() as port:
        for count in counts:
            names = write_list(Path(place), port, count)
            ran[count] = probe(Path(place), WORDS, smtpcheck=[programs.smtpcheck])
            _must_be_whole(ran[count], names)
    small, large = (ran[count].peak for count in (min(counts), max(counts)))
    claim = Claim(
        f"memory that {max(counts):,} targets take more than {min(counts):,}, in MiB",
        large - small,
        Aim(LEVEL),
        0,
    )
    rows = [ran[count].row(count) for count in counts]
    return Measured("Memory of many targets", f"{table(HEADS, rows)}\n\n{NOTE}", (claim,))


def _must_be_whole(ran: Ran, names: frozenset[str]) -> None:
    bad = sum(map(is_bad, names))
    if (ran.names, ran.written, ran.outcomes["failed"]) != (names, len(names), bad):
        raise FailedRunError(
            f"of {len(names)} targets {len(ran.names)} were told, {ran.written} are in the report,"
            f" and {ran.outcomes['failed']} failed, not {bad}"
        )
