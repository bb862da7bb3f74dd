"""How many connections the system has room for."""

from __future__ import annotations

_MOST = 512
_FEWEST = 16
_OWN = 48
"""File descriptors that the process needs besides."""
_EACH = 8
"""File descriptors that one probe may need at once."""
_ENOUGH = 16_384


def raise_file_limit() -> None:
    """Takes what the system allows; the usual soft limit of 1024 is for programs that call
    select."""
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            return  # what there is has to do


def connections_for(probes: int) -> int:
    """How many clients there is room for beside so many probes."""
    try:
        import resource
    except ImportError:
        return _MOST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(_FEWEST, min(_MOST, soft - _OWN - probes * _EACH))
