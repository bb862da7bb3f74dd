"""Ctrl-C, and SIGTERM, by which a CI runner ends a job: the first ends the run and lets its report
be written, the second ends the program at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """A context in which both signals raise KeyboardInterrupt in the main thread."""

    def __init__(self) -> None:
        self._heard = 0
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
        self._heard += 1
        if self._heard > 1 or not self._held:
            raise KeyboardInterrupt
