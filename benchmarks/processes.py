"""What Linux tells of running processes: memory of a whole tree, and the CPU time of one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_EVERY = 0.02


@dataclass(slots=True)
class Peak:
    """The most memory that was seen."""

    kib: int = 0


@contextmanager
def tree_peak(pid: int) -> Iterator[Peak]:
    """Looks at the process and all its descendants every 20 ms, until the end of the block: the
    sum of their proportional set sizes, in which a page that several share counts once. That
    takes CPU time from whoever is measured, so not in a round that counts."""
    peak, done = Peak(), threading.Event()

    def look() -> None:
        while not done.is_set():
            peak.kib = max(peak.kib, sum(_proportional(each) for each in _tree(pid)))
            done.wait(_EVERY)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, all its threads, user and system; in steps of 10 ms."""
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_peak(pid: int) -> int:
    """The most resident memory of a process so far, in KiB."""
    return _kib(_PROC / str(pid) / "status", "VmHWM:")


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):  # it may have ended meanwhile, or one of its threads
        for task in (_PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _proportional(pid: int) -> int:
    try:
        return _kib(_PROC / str(pid) / "smaps_rollup", "Pss:")
    except OSError:
        return 0


def _kib(about: Path, name: str) -> int:
    lines = about.read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
