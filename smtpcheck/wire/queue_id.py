"""The id under which a server queued a message, as its reply to the final dot tells it."""

from __future__ import annotations

import re

# The ids of Postfix, Exim, Sendmail, Exchange, Gmail, SES, SendGrid and those who speak like them.
_PATTERNS = (
    re.compile(r"\bqueued as ([0-9A-Za-z._=+-]{5,80})", re.IGNORECASE),
    re.compile(r"\bid=([0-9A-Za-z._=+-]{5,80})", re.IGNORECASE),
    re.compile(r"<([^<>@\s]{3,120}@[^<>\s]{3,120})>\s*\["),
    re.compile(r"\b([0-9A-Za-z]{8,20}) Message accepted for delivery", re.IGNORECASE),
    re.compile(r"\bOK:?\s+\d+ ([0-9A-Za-z-]+\.\S+) - gsmtp", re.IGNORECASE),
    re.compile(
        r"\A(?:2\.\d\.\d )?Ok:?\s+(?:queued )?([0-9A-Za-z][0-9A-Za-z._-]{9,80})\Z", re.IGNORECASE
    ),
    re.compile(r"\bMessage-?id:? <?([0-9A-Za-z._@=+-]{5,120})", re.IGNORECASE),
)


def queue_id(text: str) -> str:
    """The queue id in the reply text, or the empty string."""
    for pattern in _PATTERNS:
        found = pattern.search(text)
        if found:
            return found[1].rstrip(".")
    return ""
