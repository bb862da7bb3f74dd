"""What a test message is to say; `wire/compose.py` makes the bytes."""

from __future__ import annotations

from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSpec:
    """The message that a probe or `send-test` composes."""

    subject: str = ""
    """Empty: one that says what the message is."""
    body: str | None = None
    """None: a text that says what the message is; the empty string: an empty body."""
    from_address: str = ""
    """Header From; empty: the profile's sender."""
    reply_to: str = ""
