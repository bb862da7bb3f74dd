"""A value that a key cannot hold, in words for the person who wrote it."""

from __future__ import annotations

import re
from typing import Any

_SHOWN = 80


class WrongValueError(Exception):
    """What is wrong with a value; the key, the file and the line are added by the reader."""

    def __init__(
        self, reason: str, allowed: str, suggestion: str = "", *, index: int | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        """Completes the name of the key: `holds a port`."""
        self.allowed = allowed
        self.suggestion = suggestion
        self.index = index
        """Which element of an array, from 0."""


def shown(value: Any) -> str:
    """A value as a message may quote it: on one line, bounded, printable, no password of a URL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        import json  # for a message alone

        masked = re.sub(r"(?s)^.*:.*@", "...@", value)
        text = json.dumps(masked[:_SHOWN], ensure_ascii=False)
        text = "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in text)
        return text if len(masked) <= _SHOWN else f'{text[:-1]}..."'
    if isinstance(value, list):
        return "an array"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a very large number"
    return str(value)[:_SHOWN]
