"""Waits for signals, whichever thread the system gives them to."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Signals:
    """Those that came, in their order."""

    _came: socket.socket

    _told: socket.socket

    def wait(self, seconds: float | None = None) -> int:
        """The next one; 0 where `wake` was called or the time is over. A lock or a queue would not
        do: a signal that another thread gets wakes nobody who waits for them."""
        self._came.settimeout(seconds)
        try:
            return self._came.recv(1)[0]
        except TimeoutError:
            return 0

    def wake(self) -> None:
        """Ends the wait, from another thread."""
        with suppress(OSError):  # so many wakes are on their way that one more says nothing
            self._told.send(b"\0")


@contextmanager
def watched(numbers: Sequence[int]) -> Iterator[Signals]:
    """Keeps these signals from doing anything, as long as the context lasts. In the main thread
    alone."""
    came, told = socket.socketpair()
    told.setblocking(False)  # noqa: FBT003 - what the interpreter asks for
    with came, told:
        before = {number: signal.signal(number, _nothing) for number in numbers}
        fd = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        try:
            yield Signals(came, told)
        finally:
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler)


def _nothing(_number: int, _frame: object) -> None:
    """The number is told by the interpreter itself."""
