"""How many probes run at once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FullError(Exception):
    """There was no room in the time that there was."""


class Gate:
    """Lets so many in at a time, in the order in which they came."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._inside = 0

    @property
    def inside(self) -> int:
        """How many probes run."""
        return self._inside

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @contextmanager
    def enter(self, seconds: float) -> Iterator[None]:
        """A place inside, as long as the context lasts; waits for it at most so long. Raises
        FullError."""
        self._come_in(time.monotonic() + seconds)
        try:
            yield
        finally:
            self._leave()

    def _come_in(self, end: float) -> None:
        with self._lock:
            if self._inside < self._room and not self._queue:
                self._inside += 1
                return
            turn = threading.Event()
            self._queue.append(turn)
        if turn.wait(max(0.0, end - time.monotonic())):
            return
        with self._lock:
            if turn.is_set():  # at the last moment
                return
            self._queue.remove(turn)
        raise FullError

    def _leave(self) -> None:
        """Whoever waits longest goes in."""
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._inside -= 1
