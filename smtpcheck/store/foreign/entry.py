"""What a reader finds in the text of another program: names, values, and the lines they are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from smtpcheck.model.value import dataclass

MAX_BYTES = 1 << 18
"""Of a file that is imported; no settings are that long."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text to import from."""

    text: str = field(repr=False)
    file: str
    """As messages call it: a path, or `standard input`."""
    folder: Path
    """Where relative paths in it lie."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value that the text itself only refers to."""

    place: Mapping[str, Any]
    """As a profile says it: `{"env": "NAME"}`, `{"file": "PATH"}`, `{"command": [...]}`; empty
    where a profile cannot say it."""
    default: Any = None
    """What the text gives for the case that nothing is there."""
    words: str = ""
    """What it refers to, where `place` is empty: in words, or the name of a constant, which is not
    repeated."""

    def describe(self) -> str:
        """In words, for a note: `environment variable SMTP_HOST`."""
        match dict(self.place):
            case {"env": name}:
                return f"environment variable {name}"
            case {"file": path}:
                return f"file {path}"
            case {"command": _argv}:
                return "the output of a command"
        return self.words if " " in self.words else "code, which is not run"


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting, as the text has it."""

    name: str
    """As the program calls it: `EMAIL_HOST`."""
    value: Any = field(repr=False)
    """A text, a number, a flag, None, a list or mapping of such, or a Lookup."""
    line: int = 0
    """1-based; 0 where it has none."""
