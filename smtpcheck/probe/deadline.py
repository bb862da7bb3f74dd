"""How long anything may still take."""

from __future__ import annotations

import time
from collections.abc import Callable


class Deadline:
    """A point in time that no wait may pass. Seconds, on the monotonic clock."""

    __slots__ = ("_clock", "_end")

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - self._clock())

    def within(self, seconds: float) -> Deadline:
        """The nearer of this deadline and one in so many seconds."""
        return Deadline(min(seconds, self.remaining()), self._clock)

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining() <= 0.0
