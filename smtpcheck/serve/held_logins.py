"""Logins that a server refused: none of them is tried again while its hold lasts.

An exporter asks the same question every minute. A wrong password would lock the account within
minutes, and fill the provider's block lists with this machine's address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smtpcheck.model.reply import Reply
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.refused import Login, Refused

_GOOD = 30.0
"""Seconds for which a login that was accepted is taken for good: behind them one alone tries it
first, since passwords are revoked between two scrapes."""


class HeldLogins(Refused):
    """Shared by all probes of the process. `seconds`: how long a refusal holds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._until: dict[Login, float] = {}
        self._good: dict[Login, float] = {}

    @property
    def count(self) -> int:
        """How many logins are held now."""
        with self._lock:
            self._forget_the_old()
            return len(self._until)

    def seconds_left(self, login: Login) -> float:
        """How long this login is still held; 0: it is not."""
        with self._lock:
            return max(0.0, self._until.get(login, 0.0) - self._clock())

    @contextmanager
    def turn(self, login: Login, wait: Deadline) -> Iterator[Reply | None]:
        """As that of Refused."""
        with self._lock:
            self._doubt_the_old()
        with super().turn(login, wait) as reply:
            yield reply if self.seconds_left(login) else None

    def accept(self, login: Login) -> None:
        """As that of Refused."""
        super().accept(login)
        with self._lock:
            self._good[login] = self._clock() + _GOOD

    def remember(self, login: Login, reply: Reply) -> None:
        """As that of Refused. Whatever was good before, once the hold is over one alone tries it
        first."""
        self.hold(login)
        super().remember(login, reply)

    def hold(self, login: Login) -> None:
        """This login is not tried before its time is over."""
        with self._lock:
            self._forget_the_old()
            self._accepted.pop(login, None)
            self._until[login] = self._clock() + self._seconds

    def _doubt_the_old(self) -> None:
        now = self._clock()
        for login in [login for login, until in self._good.items() if until <= now]:
            del self._good[login]
            self._accepted.pop(login, None)

    def _forget_the_old(self) -> None:
        """Passwords and tokens change: what is held no more would pile up."""
        now = self._clock()
        for login in [login for login, until in self._until.items() if until <= now]:
            del self._until[login]
            self._replies.pop(login, None)


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
