"""Mail addresses in the form that the envelope needs (RFC 5321, RFC 6531, RFC 5891)."""

from __future__ import annotations

import re

_PATH = re.compile(
    r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*"|[^\s\x00-\x1f\x7f<>()\[\],;:"@]+)'
    r'@[^\s\x00-\x1f\x7f<>(),;"@]+\Z'
)


def envelope_address(address: str) -> str:
    """The address with its domain in ASCII form; the empty one as it is. Raises ValueError where
    the domain has none, and for what would be more than an address to a server."""
    if address and not _PATH.match(address):
        raise ValueError(f"{address!r} is not a mail address")
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    import idna

    return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"


def needs_smtputf8(address: str) -> bool:
    """Whether only a server with SMTPUTF8 can take this address (RFC 6531): its local part, or a
    domain that was left as it is, is not ASCII."""
    return not address.isascii()
