"""How many files this process may have open at once."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

EACH: Final = 8
"""Files that one target may need at once: sockets of look-ups and connections."""
_NONE: Final = 1 << 30


def file_limit(wanted: int) -> int:
    """The limit, raised towards so many as far as the system lets an ordinary process. Windows has
    none."""
    try:
        import resource
    except ImportError:
        return _NONE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _NONE
    if soft < wanted:
        more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):  # macOS has a bound below the hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
            soft = more
    return soft
