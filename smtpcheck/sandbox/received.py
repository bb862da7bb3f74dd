"""What the sandbox tells: mail that arrived, and the conversation as it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime

from smtpcheck.model.transcript import Who
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One accepted message."""

    envelope_sender: str
    recipients: tuple[str, ...]
    data: bytes = field(repr=False)
    """As it came, dots unstuffed, nothing added."""
    peer: str
    tls_version: str
    """`TLSv1.3`, or empty without TLS."""
    username: str
    """Who had logged in; empty: nobody."""
    queue_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Talk:
    """One line of a conversation; credentials are masked."""

    connection: int
    who: Who
    text: str


OnMessage = Callable[[Received], None]
OnTalk = Callable[[Talk], None]
