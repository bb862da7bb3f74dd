"""Runs what cannot be cancelled, a keyring on a dead bus or a file on a dead mount, for a bounded
time: the thread is a daemon and is left behind when its time is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def bounded(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns. Raises TimeoutError after so many seconds, or what `work` raises."""
    import threading

    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed over to the caller, whole
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True, name="smtpcheck-bounded")
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if results:
        return results[0]
    raise TimeoutError(f"no answer within {seconds:g} s")
