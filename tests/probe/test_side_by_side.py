"""Work in threads."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from smtpcheck.probe.host_queue import HostQueue
from smtpcheck.probe.side_by_side import side_by_side, work_off


def test_results_come_in_the_order_of_the_work() -> None:
    def slow(n: int) -> int:
        time.sleep(0.02 * (5 - n))
        return n

    assert side_by_side([partial(slow, n) for n in range(5)], 5) == [0, 1, 2, 3, 4]


def test_never_more_run_than_asked_for() -> None:
    busy, most, lock = [0], [0], threading.Lock()

    def count() -> None:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.01)
        with lock:
            busy[0] -= 1

    side_by_side([count] * 20, 3)
    assert most[0] == 3


def test_what_a_piece_of_work_raises_is_raised() -> None:
    def wrong() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        side_by_side([wrong, lambda: None], 1)


def test_work_that_waits_leaves_its_thread_to_others_and_comes_back() -> None:
    told: list[tuple[int, int]] = []

    def work(number: int) -> float | None:
        before = sum(1 for each, _ in told if each == number)
        told.append((number, before))
        return 0.2 if number == 0 and before < 2 else None

    assert work_off(HostQueue([0, 0, 1], 1), work, 1)
    assert told == [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2)]


def test_whoever_comes_back_keeps_to_the_limit_of_its_host() -> None:
    queue = HostQueue([7, 7, 7], 1)
    first = queue.take()
    assert (first, queue.take()) == (0, None)
    queue.done(0)
    queue.again(0)
    assert queue.take() == 0
    assert queue.take() is None
    queue.done(0)
    assert (queue.take(), queue.take()) == (1, None)


def test_no_work_is_no_work() -> None:
    assert side_by_side([], 4) == []
