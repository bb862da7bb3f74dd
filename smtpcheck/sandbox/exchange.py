"""What every mechanism of the sandbox works with: the accounts, the connection, the outcome."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Generator, Mapping
from dataclasses import field
from typing import TypeAlias

from smtpcheck.model.value import dataclass
from smtpcheck.sandbox.tokens import Tokens


class MalformedResponseError(Exception):
    """What the client sent is no response of this mechanism; no credential was judged."""


class Accounts:
    """Who may log in, with which password. The values are the sandbox's own throw-aways."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = dict(users)

    def __repr__(self) -> str:
        return f"Accounts({', '.join(self._users)})"

    @property
    def users(self) -> tuple[str, ...]:
        """Every name."""
        return tuple(self._users)

    def password(self, user: str) -> str:
        """The password; for an unknown user one that nobody knows."""
        return self._users.get(user, secrets.token_hex(8))

    def check(self, user: str, password: str) -> bool:
        """Whether the password is right."""
        return hmac.compare_digest(self.password(user).encode(), password.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a mechanism knows beyond the client's words."""

    accounts: Accounts
    tokens: Tokens
    certificate_user: str = ""
    """Whom the client certificate names; empty without one."""
    bindings: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """What ties a login to this connection, by kind (RFC 5929)."""
    offers_plus: bool = False
    """A -PLUS mechanism is on the server's list."""
    iterations: int = 0
    """Rounds that SCRAM asks for; 0: the usual number."""
    lies: bool = False
    """The server's proof is wrong."""


@dataclass(frozen=True, slots=True)
class Login:
    """How an exchange ended."""

    user: str
    accepted: bool
    why: str = "user name or password is wrong"
    """What speaks against a login that is not accepted."""


Exchange: TypeAlias = Generator[bytes, bytes, Login]
"""Yields challenges, is sent responses, returns the Login. Raises MalformedResponseError."""


def text_of(response: bytes) -> str:
    """A response of a mechanism that speaks UTF-8. Raises MalformedResponseError."""
    try:
        return response.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedResponseError("not UTF-8") from None
