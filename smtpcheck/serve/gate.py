"""How many probes run at once."""

from __future__ import annotations

import threading
import time
from collections import deque
from types import TracebackType
from typing import Self


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

    def enter(self, seconds: float) -> Pass:
        """Waits at most so long; the pass is given back by leaving its context. Raises
        FullError."""
        end = time.monotonic() + seconds
        with self._lock:
            if self._inside < self._room and not self._queue:
                self._inside += 1
                return Pass(self)
            turn = threading.Event()
            self._queue.append(turn)
        if turn.wait(max(0.0, end - time.monotonic())):
            return Pass(self)
        with self._lock:
            if turn.is_set():  # at the last moment
                return Pass(self)
            self._queue.remove(turn)
        raise FullError

    def leave(self) -> None:
        """Whoever waits longest goes in."""
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._inside -= 1


class Pass:
    """A place inside, as long as its context lasts."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._gate.leave()
