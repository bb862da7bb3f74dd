"""What is aimed at."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """A limit that a measured value has to keep."""

    limit: float
    at_least: bool = False

    def reached(self, value: float) -> bool:
        """Whether the value keeps it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def figure(self, value: float, digits: int) -> str:
        """The value in figures; one that misses the aim is not rounded to one that reaches it."""
        shown = f"{value:.{digits}f}"
        if self.reached(float(shown)) == self.reached(value):
            return shown
        step = 10**digits
        worse = math.floor if self.at_least else math.ceil
        return f"{worse(value * step) / step:.{digits}f}"

    def __str__(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.limit:g}"

    def verdict(self, value: float) -> str:
        """For a cell: whether it is reached, and what it is."""
        return f"{'yes' if self.reached(value) else 'NO'} ({self})"
