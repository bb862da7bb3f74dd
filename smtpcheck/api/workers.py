"""Several processes that share the targets of a run. Each has hosts of its own, so that the limit
of a host and the rule about refused logins hold; the results come back to this one."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Self

from smtpcheck.api.job import settings_of
from smtpcheck.model.observation import Observations
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.probe.side_by_side import heard
from smtpcheck.store.record import unpacked

if TYPE_CHECKING:
    from smtpcheck.api.targets import Targets

FRAME = struct.Struct(">QQ")
"""The number of a target, and the octets of the record that follows."""
_PAYS = 32
"""Targets that are worth the start of another process."""
_LAST_WORDS = 5.0
"""Seconds in which workers tell what was under way when they were interrupted."""

Take = Callable[[int, TargetReport, bytes | None], None]


def shared_out(targets: Targets, processes: int) -> tuple[list[int], list[list[int]]]:
    """The numbers of the targets that stay in this process, and the shares of the others, none
    larger than need be. This one works too: it has been started already, and what it does need not
    be handed back. It alone can ask on the terminal and knows secrets that were handed to it."""
    groups: defaultdict[int, list[int]] = defaultdict(list)
    own: set[int] = set()
    for number, host in enumerate(targets.hosts):
        group = targets.groups.of(host)
        groups[group].append(number)
        if targets.is_bound_here(number):
            own.add(group)
    here = [number for group in own for number in groups.pop(group)]
    more = min(processes - 1, sum(map(len, groups.values())) // _PAYS)
    shares = [here, *([] for _ in range(more))]
    for numbers in sorted(groups.values(), key=len, reverse=True):
        min(shares, key=len).extend(numbers)
    first, *others = map(sorted, shares)
    return first, [share for share in others if share]


class Workers:
    """A context in which the processes run; none is left behind."""

    def __init__(
        self,
        targets: Targets,
        shares: Sequence[Sequence[int]],
        take: Take,
        *,
        at_once: int,
        per_host: int,
    ) -> None:
        self._targets = targets
        self._shares = shares
        self._take = take
        self._bounds = at_once, per_host
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._readers: list[threading.Thread] = []
        self._ends = False
        self.left: list[int] = []
        """Targets for which the system had no process, or no thread that reads what it tells."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._ends = True
        for each in self._processes:
            each.kill()
            each.wait()
            for pipe in (each.stdin, each.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()

    def start(self) -> bool:
        """Begins all of them; False after an interrupt (KeyboardInterrupt)."""
        try:
            for share in self._shares:
                try:
                    self._start(share)
                except (OSError, RuntimeError):
                    self.left += share
        except KeyboardInterrupt:
            return False
        return True

    def wait(self) -> bool:
        """Until all are done; False after an interrupt (KeyboardInterrupt)."""
        try:
            for _ in self._readers:
                heard(self._ended)
        except KeyboardInterrupt:
            return False
        return True

    def interrupt(self) -> None:
        """Lets the processes tell what was under way, and ends them."""
        import signal

        self._ends = True
        for each in self._processes:
            each.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        for reader in self._readers:
            reader.join(_LAST_WORDS)

    def _start(self, share: Sequence[int]) -> None:
        # Only we interrupt it, and only by SIGINT, which it may have been told to ignore: a shell
        # tells it to what runs behind `&`. SIGTERM may go to every process of a job or a service.
        code = (
            "import signal as s; s.signal(s.SIGTERM, lambda *_: None)\n"
            "s.signal(s.SIGINT, s.default_int_handler)\n"
            f"import gc, sys; gc.disable(); sys.path[:] = {sys.path!r}\n"
            "try: from smtpcheck.api.worker import main; main()\n"
            "except KeyboardInterrupt: pass"
        )
        # Ctrl-C goes to us alone, and on to them once. What a folder holds is no module: -P.
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._processes.append(process)
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process without pipes")
        reader = threading.Thread(target=self._read, args=(process, share), daemon=True)
        reader.start()
        self._readers.append(reader)
        with suppress(OSError):  # one that ended at once is found out by who reads
            self._send(process.stdin, share)

    def _send(self, pipe: IO[bytes], share: Sequence[int]) -> None:
        """The pipe stays open: its end tells the process that we are gone."""
        hosts = [self._targets.hosts[number] for number in share]
        pipe.write(json.dumps([hosts, *self._bounds]).encode() + b"\n")
        for number in share:
            record = self._targets.record(number) or b""
            pipe.write(FRAME.pack(number, len(record)) + record)
        pipe.flush()

    def _read(self, process: subprocess.Popen[bytes], share: Sequence[int]) -> None:
        due = set(share)
        try:
            while process.stdout is not None and (frame := read_frame(process.stdout)):
                number, record = frame
                due.discard(number)
                self._take(number, unpacked(record), record)
            if not self._ends:
                for number in sorted(due):
                    self._take(number, self._lost(number, process.wait()), None)
        finally:
            self._ended.put(None)

    def _lost(self, number: int, code: int) -> TargetReport:
        """What is said of a target whose process is gone: killed for its memory, for example."""
        job = self._targets[number]
        seen = Observations(settings_of(job), ())
        note = f"the process that was to probe this target ended with {code}"
        name = job.loaded.name
        return TargetReport(job.target, name, Outcome.FAILED, ExitCode.DEFECT, seen, notes=(note,))


def read_frame(pipe: IO[bytes]) -> tuple[int, bytes] | None:
    """A number and a record; None at the end, also in the midst of one."""
    head = pipe.read(FRAME.size)
    if len(head) < FRAME.size:
        return None
    number, size = FRAME.unpack(head)
    record = pipe.read(size)
    return (number, record) if len(record) == size else None
