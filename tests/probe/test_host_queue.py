"""Which target is next, with so many at one host."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from smtpcheck.probe.host_queue import HostQueue


def test_a_target_at_a_busy_host_is_passed_over_until_the_host_has_room() -> None:
    queue = HostQueue([7, 7, 7, 8], per_host=1)
    assert queue.take() == 0
    assert queue.take() == 3
    assert queue.take() is None
    queue.done(3)
    assert queue.take() is None
    queue.done(0)
    assert queue.take() == 1
    queue.done(1)
    assert queue.take() == 2
    queue.done(2)
    assert queue.take() is None


def test_at_hosts_with_room_targets_keep_their_order() -> None:
    queue = HostQueue([1, 1, 1, 2, 2], per_host=5)
    assert [queue.take() for _ in range(6)] == [0, 1, 2, 3, 4, None]


@pytest.mark.parametrize("seed", range(20))
def test_each_target_is_taken_once_and_no_host_has_more_than_it_may(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same run each time
    per_host, workers = chance.randint(1, 4), chance.randint(1, 12)
    hosts = [chance.randint(0, chance.choice((1, 5, 40))) for _ in range(200)]
    queue = HostQueue(hosts, per_host)
    busy: list[int] = []
    taken: list[int] = []
    idle = workers
    while True:
        # As the threads do: one that finds nothing never asks again.
        while idle:
            number = queue.take()
            if number is None:
                idle = 0
                break
            idle -= 1
            busy.append(number)
            taken.append(number)
        assert max(Counter(hosts[n] for n in busy).values(), default=0) <= per_host
        if not busy:
            break
        queue.done(busy.pop(chance.randrange(len(busy))))
        idle += 1
    assert sorted(taken) == list(range(200))
