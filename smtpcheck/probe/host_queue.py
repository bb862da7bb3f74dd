"""Which target is next: in their order, and only so many at once at one host."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence


class HostQueue:
    """Targets by number. One whose host is busy enough is passed over until the host has room.

    Not for several threads at once: who shares it holds a lock.
    """

    def __init__(
        self, hosts: Sequence[int], per_host: int, numbers: Sequence[int] | None = None
    ) -> None:
        """`hosts`: of each target, which host it is at. `numbers`: those that are due; None: all
        of them."""
        self._hosts = hosts
        self._numbers = range(len(hosts)) if numbers is None else numbers
        self._per_host = per_host
        self._next = 0
        self._busy: Counter[int] = Counter()
        self._waiting: dict[int, deque[int]] = {}
        """Targets that were passed over, by host."""
        self._with_room: deque[int] = deque()
        """Hosts that may have become free for one of those."""

    def __len__(self) -> int:
        return len(self._numbers)

    def take(self) -> int | None:
        """The next target that may begin; None where there is none now.

        After None nobody needs to ask again who does not hold a target: what is left waits for
        hosts whose places are all taken, and whoever ends there takes the next.
        """
        while self._with_room:
            host = self._with_room.popleft()
            waiting = self._waiting.get(host)
            if waiting and self._busy[host] < self._per_host:
                self._busy[host] += 1
                number = waiting.popleft()
                if not waiting:
                    del self._waiting[host]
                return number
        while self._next < len(self._numbers):
            number = self._numbers[self._next]
            host = self._hosts[number]
            self._next += 1
            if self._busy[host] < self._per_host:
                self._busy[host] += 1
                return number
            self._waiting.setdefault(host, deque()).append(number)
        return None

    def done(self, number: int) -> None:
        """A target that was taken is over."""
        host = self._hosts[number]
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        if host in self._waiting:
            self._with_room.append(host)

    def again(self, number: int) -> None:
        """A target that was over for a while comes back, before others of its host."""
        host = self._hosts[number]
        self._waiting.setdefault(host, deque()).appendleft(number)
        self._with_room.append(host)
