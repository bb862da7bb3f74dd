"""Who may ask: basic authentication (RFC 7617) against bcrypt hashes.

As in Prometheus' exporter toolkit: an unknown user costs the time of a known one, and an answer is
kept, since a hash that takes 70 ms would be the most expensive part of every scrape.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping

import bcrypt

_USUAL_COST = b"10"
_KEPT = 256
"""Right answers, and as many wrong ones."""
_LONGEST = 72
"""Octets of a password that bcrypt looks at."""


class Users:
    """The users of a web configuration, with the hash of each."""

    def __init__(self, hashes: Mapping[str, bytes]) -> None:
        self._hashes = hashes
        # What an unknown user is compared with: a hash of the same cost, which no password has.
        cost = next((each.split(b"$")[2] for each in hashes.values()), _USUAL_COST)
        self._nobody = b"$2b$" + cost + b"$" + b"." * 53
        self._key = secrets.token_bytes(32)
        # Apart: whoever guesses must not push out what Prometheus asks with.
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._wrong: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()
        self._hashing = threading.Lock()

    def admits(self, authorization: str) -> bool:
        """Whether this header `Authorization` names a user with the right password."""
        user, password = _read(authorization)
        if user is None:
            return False
        # A digest with a key of this process: nothing of a password stays in memory.
        lengths = len(user).to_bytes(4, "big")
        kept_as = hashlib.blake2b(lengths + user + password, key=self._key).digest()
        with self._lock:
            for answers in (self._right, self._wrong):
                if kept_as in answers:
                    answers.move_to_end(kept_as)
                    return answers is self._right
        name = user.decode("utf-8", "surrogateescape")
        hashed = self._hashes.get(name)
        with self._hashing:  # one at a time: whoever guesses must not have all of the machine
            fits = _checked(password, hashed or self._nobody)
        right = fits and hashed is not None
        with self._lock:
            answers = self._right if right else self._wrong
            answers[kept_as] = None
            if len(answers) > _KEPT:
                answers.popitem(last=False)
        return right


def _read(authorization: str) -> tuple[bytes | None, bytes]:
    scheme, _, told = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None, b""
    try:
        plain = base64.b64decode(told.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None, b""
    user, colon, password = plain.partition(b":")
    return (user, password) if colon else (None, b"")


def _checked(password: bytes, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(password[:_LONGEST], hashed)
    except ValueError:  # a NUL, which older versions refuse
        return False
