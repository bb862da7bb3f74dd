"""One of several processes that share the targets of a run: jobs come on standard input, reports go
out on standard output, each as soon as it is done."""

from __future__ import annotations

import json
import os
import sys
import threading
from threading import Lock
from typing import TYPE_CHECKING

from smtpcheck.api.crew import look_for_garbage, probe_queue
from smtpcheck.api.workers import FRAME, read_frame
from smtpcheck.probe.host_queue import HostQueue
from smtpcheck.store.record import packed, unpacked
from smtpcheck.store.secret_command import stop_commands
from smtpcheck.store.spool import Spool

if TYPE_CHECKING:
    from smtpcheck.api.job import Job
    from smtpcheck.model.report import TargetReport


def main() -> None:
    """Works off what one parent gives, and ends the process."""
    # What anything else prints must not run into the frames.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    source, lock = sys.stdin.buffer, Lock()
    head = source.readline()
    if not head:
        os._exit(1)
    hosts, at_once, per_host = json.loads(head)
    look_for_garbage()
    jobs: Spool[Job] = Spool(len(hosts))
    numbers: list[int] = []
    for place in range(len(hosts)):
        frame = read_frame(source)
        if frame is None:
            os._exit(1)
        numbers.append(frame[0])
        jobs.put(place, unpacked(frame[1]), frame[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def take(place: int, target: TargetReport) -> None:
        record = packed(target)
        if record is None:
            raise TypeError("a report holds what may not be written down")
        with lock:
            out.write(FRAME.pack(numbers[place], len(record)) + record)
            out.flush()

    try:
        probe_queue(jobs, HostQueue(hosts, per_host), take, at_once=at_once)
    except BrokenPipeError:
        pass
    finally:
        stop_commands()
        os._exit(0)  # threads may wait for silent servers


def _end_with_parent() -> None:
    sys.stdin.buffer.read(1)
    stop_commands()
    os._exit(1)
