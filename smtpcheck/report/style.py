"""All that a renderer may know about the terminal."""

from __future__ import annotations

from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """How the reader sees the text."""

    width: int
    """Columns."""
    color: bool
    unicode: bool
    """False: nothing but ASCII may be written."""
