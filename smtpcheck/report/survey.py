"""A look through a report before it is told: which of many targets a page tells at length."""

from __future__ import annotations

from dataclasses import dataclass

from smtpcheck.model.report import Report
from smtpcheck.model.stage import Outcome
from smtpcheck.report.tally import Tally, is_unbegun
from smtpcheck.report.verdict import warnings_of

ALL = 50
"""Targets up to which each is told at length, in the order of the report."""
MOST = 100
"""Targets of a longer report that are told at length: the page can still be opened and sent."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run came to. Places count from 0 in the order of the report."""

    count: int
    tally: Tally
    failed: list[int]
    warned: list[int]
    """Passed, with warnings."""

    @property
    def is_long(self) -> bool:
        """Whether some targets are not told at length."""
        return self.count > ALL

    @property
    def at_length(self) -> list[int]:
        """The places of the targets that are told at length; of many the worst alone."""
        return [*self.failed, *self.warned][:MOST] if self.is_long else [*range(self.count)]

    @property
    def worst_first(self) -> list[int]:
        """The places of all targets; of many the worst come first."""
        worst = [*self.failed, *self.warned]
        rest = {*range(self.count)} - {*worst}
        return [*worst, *sorted(rest)] if self.is_long else [*range(self.count)]

    @property
    def left_out(self) -> str:
        """Says which targets are told at length, where some are not; else nothing."""
        if not self.is_long:
            return ""
        worst = len(self.failed) + len(self.warned)
        if worst > MOST:
            which = f"the first {MOST} of the {worst} targets that failed or have warnings are"
        else:
            which = "the targets that failed or have warnings are" if worst else "no target is"
        return f"Here {which} told at length; the JSON report holds all of every target."


def survey(report: Report) -> Survey:
    """Looks through the report once."""
    tally = Tally()
    failed: list[int] = []
    warned: list[int] = []
    for at, target in enumerate(report.targets):
        tally.take(target)
        if target.outcome in (Outcome.FAILED, Outcome.INTERRUPTED):
            # Those that an interrupt kept from being begun have nothing to tell.
            failed += [] if is_unbegun(target) else [at]
        elif warnings_of(target):
            warned.append(at)
    return Survey(len(report.targets), tally, failed, warned)
