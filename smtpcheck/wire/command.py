"""What the client says: each command has a face that may be shown and one for the wire."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import field
from typing import TypeVar

from smtpcheck.model.reply import Heard
from smtpcheck.model.value import dataclass

T = TypeVar("T")

_FORBIDDEN = "\r\n\0"


@dataclass(frozen=True, slots=True)
class Say:
    """One thing that is said and will be answered by one reply."""

    verb: str
    """What the reply answers: `EHLO`, `AUTH`, `MESSAGE`; `CONNECT` for the greeting."""
    shown: str
    wire: bytes = field(repr=False)
    """Empty: nothing is said, a reply is awaited all the same."""
    secret: bool = False
    """Leaves over verified TLS only, or with an explicit, reported override."""
    masks: tuple[str, ...] = field(default=(), repr=False)
    """What may not be shown from now on, wherever it comes back."""
    before: int = 0
    """Octets of the same message that were said before this part of it."""
    total: int = 0
    """Octets of the whole message, where this is a part of one."""


# A dialogue reads top-down like the conversation it causes. It yields what is to be said in one
# write and gets the answer to each, in order; who drives it decides about sockets and clocks.
Dialogue = Generator[tuple[Say, ...], tuple[Heard, ...], T]


def command(verb: str, *words: str) -> Say:
    """A command of the words given. Raises ValueError for a control byte in one of them, which
    would be a command of its own to the server."""
    line = " ".join((verb, *words))
    if any(c in _FORBIDDEN for c in line):
        raise ValueError(f"control character in an argument of {verb}")
    return Say(verb.partition(" ")[0], line, line.encode("utf-8") + b"\r\n")


def hidden(verb: str, shown: str, line: bytes, masks: tuple[str, ...] = ()) -> Say:
    """A command that carries a secret: `shown` is what anybody may see of it."""
    return Say(verb, shown, line + b"\r\n", secret=True, masks=masks)


def listen(verb: str) -> Say:
    """Says nothing and waits for a reply."""
    return Say(verb, "", b"")


def ask(say: Say) -> Dialogue[Heard]:
    """Says one thing and returns the answer."""
    (heard,) = yield (say,)
    return heard
