"""Runs many pieces of work at once, in threads that an interrupt may leave behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")

_OWN = 24
"""File descriptors that the process needs besides."""
_EACH = 8
"""File descriptors that one target may need at once: sockets of look-ups and connections."""


def side_by_side(works: Sequence[Callable[[], T]], at_once: int) -> list[T | None]:
    """The result of each piece of work, in order. After an interrupt (KeyboardInterrupt) nothing
    new is begun, and what is not done is None. What a piece of work raises is raised here.

    The threads are daemons: one that waits for a silent server does not hold up the end of the
    process, which a pool of `concurrent.futures` would.
    """
    results: list[T | None] = [None] * len(works)
    due = iter(enumerate(works))
    done: SimpleQueue[BaseException | None] = SimpleQueue()
    lock = threading.Lock()
    stop = threading.Event()

    def work() -> None:
        fault: BaseException | None = None
        while not stop.is_set():
            with lock:
                number, piece = next(due, (-1, None))
            if piece is None:
                break
            try:
                results[number] = piece()
            except BaseException as error:  # noqa: BLE001 - raised again where the work was given
                fault = error
                stop.set()
        done.put(fault)

    count = max(1, min(at_once, len(works), _room()))
    for number in range(count):
        threading.Thread(target=work, name=f"target-{number}", daemon=True).start()
    try:
        faults = [done.get() for _ in range(count)]
    except KeyboardInterrupt:
        stop.set()
        return list(results)
    fault = next((each for each in faults if each is not None), None)
    if fault is not None:
        raise fault
    return results


def _room() -> int:
    """How many targets the limit of open files leaves room for; Windows has no such limit."""
    try:
        import resource
    except ImportError:
        return 1_000_000
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else max(1, (soft - _OWN) // _EACH)
