"""What a sandbox listens on and what a client may use up."""

from __future__ import annotations

from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where a sandbox listens; 0 lets the system choose."""

    submission: int = 0
    """With STARTTLS."""
    submissions: int = 0
    """With TLS from the first byte."""
    relay: int | None = None
    """With neither TLS nor login; None: no such port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a client may use up."""

    line: int = 2048
    """Octets of a command; RFC 5321 asks for 512, parameters and SMTPUTF8 for more."""
    auth_line: int = 12288
    """Octets of an AUTH line or response (RFC 4954 section 4)."""
    message: int = 10 * 1024 * 1024
    """Octets of a message."""
    recipients: int = 100
    connections: int = 100
    """At the same time."""
    idle: float = 300.0
    """Seconds without a word from the client (RFC 5321 section 4.5.3.2.7)."""
    mistakes: int = 20
    """Refused commands of one connection."""
    kept: int = 1000
    """Messages that are remembered; the oldest go first."""
