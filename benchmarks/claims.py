"""What is aimed at, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.tables import table


@dataclass(frozen=True, slots=True)
class Aim:
    """A limit that a measured value has to keep."""

    limit: float
    at_least: bool = False

    def reached(self, value: float) -> bool:
        """Whether the value keeps it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def rounded(self, value: float, digits: int) -> str:
        """The value in figures; one that misses the aim is not rounded to it."""
        step = 10**digits
        worse = math.floor if self.at_least else math.ceil
        # What arithmetic adds behind the ninth digit is no value that was measured.
        return f"{worse(round(value * step, 9)) / step:.{digits}f}"

    def __str__(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.limit:g}"

    def verdict(self, value: float) -> str:
        """For a cell: whether it is reached, and what it is."""
        return f"{'yes' if self.reached(value) else 'NO'} ({self})"


@dataclass(frozen=True, slots=True)
class Claim:
    """A measured value with its aim, for the table of all claims."""

    what: str
    value: float
    aim: Aim
    digits: int = 2

    def row(self) -> list[str]:
        """The cells: what, measured, aim, reached."""
        reached = "yes" if self.aim.reached(self.value) else "NO"
        return [self.what, self.aim.rounded(self.value, self.digits), str(self.aim), reached]


@dataclass(frozen=True, slots=True)
class Measured:
    """A table with what it says about the claims."""

    title: str
    text: str
    claims: tuple[Claim, ...] = ()


def claims_table(claims: Sequence[Claim]) -> str:
    """All claims as a Markdown table."""
    return table(["what", "measured", "aim", "reached"], [claim.row() for claim in claims])
