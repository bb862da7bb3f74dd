"""A ticket of TLS 1.3, by which a server lets a session be taken up again (RFC 8446 section
4.6.1)."""

from __future__ import annotations

from typing import Final

_EARLY_DATA: Final = 42
_FIXED: Final = 8
"""Octets of lifetime and age."""


def early_data_of(ticket: bytes) -> int:
    """How many octets the ticket allows as early data; 0 for none, and for what is cut short.
    `ticket` is the message without its header."""
    at = _FIXED
    for size in (1, 2):  # the nonce, then the ticket itself
        at += size + int.from_bytes(ticket[at : at + size], "big")
    extensions = ticket[at + 2 :]
    while len(extensions) >= 4:
        kind, length = (int.from_bytes(extensions[n : n + 2], "big") for n in (0, 2))
        if kind == _EARLY_DATA and length == 4 and len(extensions) >= 8:
            return int.from_bytes(extensions[4:8], "big")
        extensions = extensions[4 + length :]
    return 0
