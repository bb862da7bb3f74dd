"""A way through a proxy, as bytes in, bytes out: what is said to it, and what comes of it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import field

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """Something is said to the proxy, or more of its answer is waited for."""

    shown: str = ""
    """Words that anybody may see; empty where nothing is said."""
    wire: bytes = field(default=b"", repr=False)
    need: int = 0
    """Octets of the answer: exactly so many; 0: whatever comes first."""
    phase: str = ""
    """What this is about: `hello`, `login`, `request`."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """What the proxy made of the request."""

    kind: str = ""
    """`error.kind` of the step tcp.proxy (docs/facts.md); empty: the way is open."""
    message: str = ""
    facts: dict[str, Json] = field(default_factory=dict)
    """`status` of an HTTP proxy, `code` of a SOCKS proxy, `offered` logins."""
    rest: bytes = field(default=b"", repr=False)
    """What came behind the proxy's word: the server's first octets."""
    judged_login: bool = False
    """Whether the proxy looked at a login, and this failure is its refusal."""


# A dialogue with a proxy reads top-down like the conversation. It yields each turn and is sent the
# octets that came; who drives it decides about sockets and clocks, and about what never comes.
Way = Generator[Turn, bytes, Tunnel]


def glimpse(data: bytes) -> str:
    """The first octets of something that is no answer, in words for a message."""
    if data.startswith(b"HTTP/"):
        return "it speaks HTTP"
    if data[:1] in (b"2", b"4", b"5") and data[1:3].isdigit():
        return f"it answers like a mail server: {data[:60].decode('utf-8', 'backslashreplace')!r}"
    return f"it answers {data[:16]!r}"
