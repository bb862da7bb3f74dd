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


PROTOCOLS = {"http": "HTTP", "socks5": "SOCKS 5", "tls": "TLS", "smtp": "SMTP"}
"""What else may listen where a proxy is meant to be, and what it is called."""


def speaks(data: bytes) -> str:
    """The protocol whose first octets these are, a key of `PROTOCOLS`; empty for any other."""
    if data[:2] == b"HT":
        return "http"
    if data[:1] == b"\5" and len(data) > 1:
        return "socks5"
    if data[:1] in (b"\x15", b"\x16") and data[1:2] == b"\3":
        return "tls"
    return "smtp" if data[:1] in (b"2", b"4", b"5") and data[1:2].isdigit() else ""


def glimpse(data: bytes) -> str:
    """The first octets of something that is no answer, in words for a message."""
    kind = speaks(data)
    if kind == "smtp" and len(data) > 2:
        said = data[:60].decode("utf-8", "backslashreplace")
        return f"it answers like a mail server: {said!r}"
    if kind == "smtp":
        return "it answers like a mail server"
    return f"it speaks {PROTOCOLS[kind]}" if kind else f"it answers {data[:16]!r}"
