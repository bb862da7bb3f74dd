"""The name that EHLO gives when the profile sets none (RFC 5321 section 4.1.3)."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache

_FULL_NAME = re.compile(
    r"(?=.{4,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}\Z"
)
_PRIVATE_SUFFIXES = (".local", ".localdomain", ".internal", ".lan", ".home", ".localhost")


def local_name(local_address: str) -> str:
    """The machine's own full name where it has one, else its address as a literal. Asks no
    resolver: a slow answer about ourselves would look like a slow server."""
    name = socket.gethostname()
    if _FULL_NAME.match(name) and not name.lower().endswith(_PRIVATE_SUFFIXES):
        return name.lower()
    return _as_literal(local_address)


@lru_cache(maxsize=64)
def _as_literal(local_address: str) -> str:
    try:
        address = ipaddress.ip_address(local_address.partition("%")[0])
    except ValueError:
        return "[127.0.0.1]"
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
