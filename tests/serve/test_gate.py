"""How many probes run at once, and in which order they come in."""

from __future__ import annotations

import threading
import time

import pytest

from smtpcheck.serve.gate import FullError, Gate


def test_so_many_come_in_and_the_next_does_not() -> None:
    gate = Gate(2)
    with gate.enter(0), gate.enter(0):
        assert gate.inside == 2
        with pytest.raises(FullError), gate.enter(0):
            pass
        assert gate.waiting == 0
    assert gate.inside == 0


def test_a_place_is_given_back_where_a_probe_raises() -> None:
    gate = Gate(1)
    with pytest.raises(ZeroDivisionError), gate.enter(0):
        _ = 1 / 0
    with gate.enter(0):
        assert gate.inside == 1


def test_whoever_waits_longest_comes_in_first() -> None:
    gate = Gate(1)
    order: list[int] = []
    threads: list[threading.Thread] = []

    def wait(number: int) -> None:
        with gate.enter(20):
            order.append(number)

    with gate.enter(0):
        for number in range(5):
            threads.append(threading.Thread(target=wait, args=(number,)))
            threads[-1].start()
            for _ in range(6000):
                if gate.waiting > number:
                    break
                time.sleep(0.01)
        with pytest.raises(FullError), gate.enter(0):
            pass  # nobody overtakes
    for each in threads:
        each.join()
    assert order == [0, 1, 2, 3, 4]
    assert (gate.inside, gate.waiting) == (0, 0)
