"""What is said about smtpcheck, with the value that was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.aims import Aim
from benchmarks.tables import table


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
        return [self.what, self.aim.figure(self.value, self.digits), str(self.aim), reached]


@dataclass(frozen=True, slots=True)
class Measured:
    """A table with what it says about the claims."""

    title: str
    text: str
    claims: tuple[Claim, ...] = ()


def claims_table(claims: Sequence[Claim]) -> str:
    """All claims as a Markdown table."""
    return table(["what", "measured", "aim", "reached"], [claim.row() for claim in claims])
