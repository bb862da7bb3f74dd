"""How many connections the system has room for."""

from __future__ import annotations

from smtpcheck.probe.file_limit import EACH, file_limit

_MOST = 512
_FEWEST = 16
_OWN = 48
"""Files that the process needs besides."""


def connections_for(probes: int) -> int:
    """How many clients there is room for beside so many probes."""
    taken = _OWN + EACH * probes
    return max(_FEWEST, min(_MOST, file_limit(taken + _MOST) - taken))
