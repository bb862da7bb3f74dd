"""Ctrl-C, and SIGTERM, by which a CI runner ends a job: the first ends the run and lets its report
be written, the second ends the program at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any, Final, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
AT_ONCE: Final = 0.2
"""Seconds within which a further signal says no more than the first: timeout(1) signals the program
and, right behind that, its process group, so that the program hears both."""


class Interrupts:
    """A context in which both signals raise KeyboardInterrupt in the main thread."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._first: float | None = None
        self._held = False
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], Any] | int | None] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for each in _SIGNALS:
                # Whoever started this program may have wished that it hears none of them: nohup.
                if signal.getsignal(each) is not signal.SIG_IGN:
                    self._before[each] = signal.signal(each, self._hear)
        return self

    def __exit__(self, *_raised: object) -> None:
        for each, before in self._before.items():
            signal.signal(each, before)

    def hold(self) -> None:
        """The run is over: what it found is written all the same where a first signal comes only
        now."""
        self._held = True

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        now = self._clock()
        if self._first is None:
            self._first = now
            if self._held:
                return
        elif now - self._first < AT_ONCE:
            return
        raise KeyboardInterrupt
