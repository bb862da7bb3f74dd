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


class Refused:
    """Shared by all targets of a run. Equal logins are tried one after the other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._turns: dict[Login, Lock] = {}
        self._replies: dict[Login, Reply] = {}
        self._accepted: set[Login] = set()

    @contextmanager
    def turn(self, login: Login, wait: Deadline) -> Iterator[Reply | None]:
        """The reply by which this login was refused before, or None; nobody else tries it while
        the block runs. Raises TimeoutError where the wait ends before it is our turn."""
        if login in self._accepted:
            yield None
            return
        with self._lock:
            mine = self._turns.setdefault(login, Lock())
        if not mine.acquire(timeout=wait.remaining()):
            raise TimeoutError("another target still tries the same login")
        try:
            yield self._replies.get(login)
        finally:
            mine.release()

    def accept(self, login: Login) -> None:
        """This login is good: whoever else has it need not wait for its turn."""
        self._accepted.add(login)

    def remember(self, login: Login, reply: Reply) -> None:
        """This login was refused for good. Only within its `turn`."""
        self._replies[login] = reply
