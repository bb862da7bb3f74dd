"""Which signals end a run, and which end the program."""

from __future__ import annotations

import signal

import pytest

from smtpcheck.cli.interrupts import Interrupts


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_same_wish_said_twice_at_once_is_heard_once(number: signal.Signals) -> None:
    """timeout(1) signals the program and its group."""
    clock = Clock()
    with Interrupts(clock):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        clock.now += 0.01
        signal.raise_signal(number)
        clock.now += 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_one_that_comes_when_the_run_is_over_lets_the_report_be_written() -> None:
    clock = Clock()
    with Interrupts(clock) as interrupts:
        interrupts.hold()
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        clock.now += 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
