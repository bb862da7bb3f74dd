"""Logins that were refused in this run of the program: none of them is tried again, by any target.

Every refusal may count towards the lock of the account; ten profiles with one wrong password
would be ten of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from smtpcheck.model.reply import Reply
from smtpcheck.model.secret import Secret
from smtpcheck.probe.deadline import Deadline

Login = tuple[str, str, Secret]
"""Host, user name, secret."""


_ACCEPTED = 256
"""Good logins that are remembered: a forgotten one costs a turn, not a try."""


class _Turn:
    """Whose turn it is to try a login, and how many want to know."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.wanted = 0


class Refused:
    """Shared by all targets of a run. Equal logins are tried one after the other, until one is
    known to be good. What is kept for long are refused logins alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._turns: dict[Login, _Turn] = {}
        self._replies: dict[Login, Reply] = {}
        self._accepted: dict[Login, None] = {}

    @contextmanager
    def turn(self, login: Login, wait: Deadline) -> Iterator[Reply | None]:
        """The reply by which this login was refused before, or None; nobody else tries it while
        the block runs, unless it is known to be good. Raises TimeoutError where the wait ends
        before it is our turn."""
        with self._lock:
            mine = self._turns.setdefault(login, _Turn())
            mine.wanted += 1
        alone = False
        try:
            if login not in self._accepted:
                alone = mine.lock.acquire(timeout=wait.remaining())
                if not alone:
                    raise TimeoutError("another target still tries the same login")
            if alone and login in self._accepted:  # it proved good meanwhile: all may go on
                mine.lock.release()
                alone = False
            yield self._replies.get(login)
        finally:
            if alone:
                mine.lock.release()
            with self._lock:
                mine.wanted -= 1
                if not mine.wanted:
                    del self._turns[login]

    def accept(self, login: Login) -> None:
        """This login is good: whoever else has it need not wait for its turn."""
        with self._lock:
            self._accepted[login] = None
            if len(self._accepted) > _ACCEPTED:
                del self._accepted[next(iter(self._accepted))]

    def remember(self, login: Login, reply: Reply) -> None:
        """This login was refused for good: not even one that was good is tried again."""
        self._replies[login] = reply
