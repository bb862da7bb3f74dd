"""Logins that a server refused: none of them is tried again while its hold lasts.

An exporter asks the same question every minute. A wrong password would lock the account within
minutes, and fill the provider's block lists with this machine's address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from smtpcheck.model.reply import Reply
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.refused import Login, Refused


class _Known:
    """What is known of one login."""

    __slots__ = ("accepted", "reply", "turn", "until", "users")

    def __init__(self) -> None:
        self.turn = Lock()
        self.users = 0
        """Who has it or waits for it; nobody may forget it meanwhile."""
        self.accepted = False
        self.reply: Reply | None = None
        self.until = 0.0


class HeldLogins(Refused):
    """Shared by all probes of the process. `seconds`: how long a refusal holds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._all: dict[Login, _Known] = {}
        self._guard = Lock()

    @property
    def count(self) -> int:
        """How many logins are held now."""
        now = self._clock()
        with self._guard:
            return sum(each.reply is not None and each.until > now for each in self._all.values())

    def seconds_left(self, login: Login) -> float:
        """How long this login is still held; 0: it is not."""
        with self._guard:
            known = self._all.get(login)
            if known is None or known.reply is None:
                return 0.0
            return max(0.0, known.until - self._clock())

    @contextmanager
    def turn(self, login: Login, wait: Deadline) -> Iterator[Reply | None]:
        """As that of Refused."""
        with self._guard:
            known = self._all.setdefault(login, _Known())
            known.users += 1
        try:
            if known.accepted:
                yield None
                return
            if not known.turn.acquire(timeout=wait.remaining()):
                raise TimeoutError("another target still tries the same login")
            try:
                yield known.reply if known.until > self._clock() else None
            finally:
                known.turn.release()
        finally:
            with self._guard:
                known.users -= 1
                self._forget_the_old()

    def accept(self, login: Login) -> None:
        """As that of Refused; only within its `turn`."""
        self._all[login].accepted = True

    def remember(self, login: Login, reply: Reply) -> None:
        """As that of Refused; only within its `turn`."""
        known = self._all[login]
        known.accepted = False
        known.until = self._clock() + self._seconds
        known.reply = reply

    def _forget_the_old(self) -> None:
        """Tokens change every hour: what is neither in use nor held would pile up."""
        now = self._clock()
        for login in [
            login
            for login, each in self._all.items()
            if not each.users and (each.reply is None or each.until <= now)
        ]:
            del self._all[login]


class Attempt(Refused):
    """The held logins as one probe meets them."""

    def __init__(self, held: HeldLogins) -> None:
        super().__init__()
        self._held = held
        self.refused: Login | None = None
        """The login that was refused, now or before."""
        self.was_held = False
        """It was refused before, and not tried now."""

    @contextmanager
    def turn(self, login: Login, wait: Deadline) -> Iterator[Reply | None]:
        """As that of Refused."""
        with self._held.turn(login, wait) as reply:
            if reply is not None:
                self.refused, self.was_held = login, True
            yield reply

    def accept(self, login: Login) -> None:
        """As that of Refused."""
        self._held.accept(login)

    def remember(self, login: Login, reply: Reply) -> None:
        """As that of Refused."""
        self.refused = login
        self._held.remember(login, reply)
