"""What was read of another program's settings: values for a profile, and what stayed behind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smtpcheck.model.errors import Problem, ProfileError
from smtpcheck.model.secret import Secret
from smtpcheck.model.value import dataclass
from smtpcheck.store.keys import KEYS, nested_values
from smtpcheck.store.layers import Layer, layer_of_tables
from smtpcheck.store.origin import Source


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stood."""

    name: str
    """What the source calls it: `EMAIL_HOST`."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """What the reader should know; never a part of a secret."""

    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """One way to send mail, as another program has it."""

    values: Mapping[str, Any]
    """By full key, unchecked, as a profile file would hold them."""
    places: Mapping[str, Place]
    """Of each value, by full key."""
    secrets: Mapping[str, Secret]
    """The secrets that stood in the text, by the key that would name their place."""
    notes: tuple[Note, ...] = ()
    account: str = ""
    """What tells it from others in the same text; empty for the only one."""

    def check(self, file: str, folder: Path) -> None:
        """Raises ProfileError with every wrong value, at its line and under its name in `file`."""
        layer = Layer(Source.GIVEN, file, folder)
        layer.lines = {KEYS[key].path: place.line for key, place in self.places.items()}
        problems = layer_of_tables(nested_values(self.values), layer).problems
        if problems:
            raise ProfileError([self._in_its_words(problem) for problem in problems])

    def _in_its_words(self, problem: Problem) -> Problem:
        place = self.places.get(problem.key)
        if place is None or not place.name:
            return problem
        return Problem(
            problem.file,
            problem.line,
            problem.key,
            problem.found,
            problem.allowed,
            f"{place.name}: {problem.message}",
            problem.suggestion,
        )
