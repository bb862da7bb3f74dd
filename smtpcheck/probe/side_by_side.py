"""Runs many pieces of work at once, in threads that an interrupt may leave behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TypeVar

from smtpcheck.probe.file_limit import EACH, file_limit
from smtpcheck.probe.host_queue import HostQueue

T = TypeVar("T")

_LOOK = 0.5
"""Seconds after which a thread without work looks again."""

_OWN = 24
"""File descriptors that the process needs besides."""
_THREADS = 5
"""Threads that one target may need at once, its own among them: look-ups, a secret's command."""


def side_by_side(works: Sequence[Callable[[], T]], at_once: int) -> list[T | None]:
    """The result of each piece of work, in order. After an interrupt (KeyboardInterrupt) nothing
    new is begun, and what is not done is None. What a piece of work raises is raised here."""
    results: list[T | None] = [None] * len(works)

    def work(number: int) -> None:
        results[number] = works[number]()

    work_off(HostQueue(range(len(works)), 1), work, min(at_once, len(works)))
    return list(results)


def work_off(
    queue: HostQueue,
    work: Callable[[int], float | None],
    at_once: int,
    fewer: Callable[[int], None] | None = None,
) -> bool:
    """Does the work for each number of the queue, so many side by side. Returns False after an
    interrupt (KeyboardInterrupt): nothing new is begun then. What the work raises is raised here.

    Work that returns seconds wants to be called again after them; its thread and its place at the
    host are somebody else's until then. The threads are daemons: one that waits for a silent server
    does not hold up the end of the process, which a pool of `concurrent.futures` would. `fewer` is
    told how many there are where the system has not so many threads.
    """
    may_work: SimpleQueue[bool] = SimpleQueue()
    ended: SimpleQueue[BaseException | None] = SimpleQueue()
    stop = threading.Event()
    turns = _Turns(queue, stop)

    def worker() -> None:
        fault: BaseException | None = None
        last, later = None, None
        if not may_work.get():
            return
        try:
            while (last := turns.next(last, later)) is not None:
                later = work(last)
        except BaseException as error:  # noqa: BLE001 - raised again where the work was given
            fault = error
            stop.set()
        ended.put(fault)

    try:
        wanted = room(at_once) if at_once else 0
        begun = _begun(worker, wanted)
        count = wanted if begun == wanted else max(1, begun // _THREADS)
        for number in range(begun):
            may_work.put(number < count)
        if count < wanted and fewer is not None:
            fewer(count)
        if wanted and not begun:
            may_work.put(True)  # noqa: FBT003 - the word that a thread would get
            worker()
        faults = [heard(ended) for _ in range(count)]
    except KeyboardInterrupt:
        stop.set()
        return False
    fault = next((each for each in faults if each is not None), None)
    if fault is not None:
        raise fault
    return True


def heard(queue: SimpleQueue[T]) -> T:
    """The next word of the queue. A signal that comes while this thread is about to wait wakes
    nobody: it is looked for again and again."""
    while True:
        with suppress(Empty):
            return queue.get(timeout=_LOOK)


def _begun(worker: Callable[[], None], wanted: int) -> int:
    """How many threads could be started: a container or a user may have only so many."""
    for number in range(wanted):
        try:
            threading.Thread(target=worker, name=f"target-{number}", daemon=True).start()
        except RuntimeError:
            return number
    return wanted


class _Turns:
    """Gives each thread its next number: one that is due again, or one of the queue."""

    def __init__(self, queue: HostQueue, stop: threading.Event) -> None:
        self._queue = queue
        self._stop = stop
        self._due: list[tuple[float, int]] = []
        """When who is due again; a heap."""
        self._lock = threading.Lock()

    def next(self, last: int | None, later: float | None) -> int | None:
        """The next number, or None where this thread is needed no more. `last`: what it worked on,
        and in how many seconds that is due again."""
        with self._lock:
            if last is not None:
                self._queue.done(last)
                if later is not None:
                    heappush(self._due, (monotonic() + later, last))
        while not self._stop.is_set():
            with self._lock:
                while self._due and self._due[0][0] <= monotonic():
                    self._queue.again(heappop(self._due)[1])
                number = self._queue.take()
                if number is not None or not self._due:
                    return number
                wait = self._due[0][0] - monotonic()
            # Who works meanwhile may be due sooner, or leave a place at a host.
            self._stop.wait(min(max(wait, 0.0), _LOOK))
        return None


def room(wanted: int) -> int:
    """How many of so many targets at once the limit of open files leaves room for; at least one.
    The limit is raised for them as far as the system lets it."""
    return max(1, min(wanted, (file_limit(_OWN + EACH * wanted) - _OWN) // EACH))
