"""The id under which a server queued a message, as its reply to the final dot tells it."""

from __future__ import annotations

import re

# The ids of Postfix, Exim, Sendmail, Exchange, Gmail, SES, SendGrid and those who speak like them.
# Compiled one by one, as they are needed: most replies match the first.
_PATTERNS = (
    r"\bqueued as ([0-9A-Za-z._=+-]{5,80})",
    r"\bid=([0-9A-Za-z._=+-]{5,80})",
    r"<([^<>@\s]{3,120}@[^<>\s]{3,120})>\s*\[",
    r"\b([0-9A-Za-z]{8,20}) Message accepted for delivery",
    r"\bOK:?\s+\d+ ([0-9A-Za-z-]+\.\S+) - gsmtp",
    r"\A(?:2\.\d\.\d )?Ok:?\s+(?:queued )?([0-9A-Za-z][0-9A-Za-z._-]{9,80})\Z",
    r"\bMessage-?id:? <?([0-9A-Za-z._@=+-]{5,120})",
)


def queue_id(text: str) -> str:
    """The queue id in the reply text, or the empty string."""
    for pattern in _PATTERNS:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return found[1].rstrip(".")
    return ""
