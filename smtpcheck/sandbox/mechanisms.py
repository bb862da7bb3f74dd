"""The server's side of SASL (RFC 4422): each mechanism as a generator of challenges."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias

from smtpcheck.model.value import dataclass


class MalformedResponseError(Exception):
    """What the client sent is no response of this mechanism; no credential was judged."""


class Accounts:
    """Who may log in, with which password. The values are the sandbox's own throw-aways."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = dict(users)

    def __repr__(self) -> str:
        return f"Accounts({', '.join(self._users)})"

    def check(self, user: str, password: str) -> bool:
        """Whether the password is right."""
        known = self._users.get(user, secrets.token_hex(8))
        return hmac.compare_digest(known.encode(), password.encode())

    def check_digest(self, user: str, challenge: bytes, digest: str) -> bool:
        """Whether `digest` is the CRAM-MD5 answer to `challenge` (RFC 2195)."""
        known = self._users.get(user, secrets.token_hex(8))
        wanted = hmac.new(known.encode(), challenge, hashlib.md5).hexdigest()
        return hmac.compare_digest(wanted.encode(), digest.lower().encode())


@dataclass(frozen=True, slots=True)
class Login:
    """How an exchange ended."""

    user: str
    accepted: bool


Exchange: TypeAlias = Generator[bytes, bytes, Login]
"""Yields challenges, is sent responses, returns the Login. Raises MalformedResponseError."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A SASL mechanism, as the server plays it."""

    start: Callable[[Accounts], Exchange]
    client_first: bool
    """Whether an initial response is allowed (RFC 4954 section 4)."""


def _plain(accounts: Accounts) -> Exchange:
    """RFC 4616."""
    parts = _text((yield b"")).split("\0")
    if len(parts) != 3 or not parts[1]:
        raise MalformedResponseError("not authzid NUL authcid NUL password")
    authzid, user, password = parts
    return Login(user, authzid in ("", user) and accounts.check(user, password))


def _login(accounts: Accounts) -> Exchange:
    """Never standardised; the words of the challenges are those that all clients know."""
    user = _text((yield b"Username:"))
    password = _text((yield b"Password:"))
    return Login(user, accounts.check(user, password))


def _cram_md5(accounts: Accounts) -> Exchange:
    """RFC 2195."""
    challenge = f"<{secrets.randbits(64)}.{secrets.randbits(32)}@localhost>".encode()
    user, blank, digest = _text((yield challenge)).rpartition(" ")
    if not blank or not user:
        raise MalformedResponseError("not user, blank, digest")
    return Login(user, accounts.check_digest(user, challenge, digest))


MECHANISMS: dict[str, Mechanism] = {
    "PLAIN": Mechanism(_plain, client_first=True),
    "LOGIN": Mechanism(_login, client_first=True),
    "CRAM-MD5": Mechanism(_cram_md5, client_first=False),
}
"""In the order in which they are offered."""


def _text(response: bytes) -> str:
    try:
        return response.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedResponseError("not UTF-8") from None
