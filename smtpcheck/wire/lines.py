"""The lines of a message, as they may leave."""

from __future__ import annotations

import re

_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


def canonical(data: bytes) -> bytes:
    """With CR LF at the end of every line and no other CR, LF or NUL (RFC 5321 section 2.3.8)."""
    if b"\0" in data:
        data = data.replace(b"\0", b"")
    if _BARE.search(data):
        data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    return data if not data or data.endswith(b"\r\n") else data + b"\r\n"
