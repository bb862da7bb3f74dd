"""What is counted while the targets of a run go by: enough to sum up thousands, without keeping
any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappush, heappushpop

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.report.words import total_ms

NO_CAUSE = "no known cause fits"
"""Stands for the id of a cause where none is known."""
_NAMES = 8
"""Targets of a cause that are named."""
_SLOWEST = 3
_NOTES = 20
"""Different notes that are kept."""


@dataclass(slots=True)
class Group:
    """The targets that have one cause. The texts are those of the report, not escaped."""

    cause: str
    """Its id; empty where no known cause fits."""
    title: str
    """Empty where it is not the same for all."""
    count: int = 0
    names: list[str] = field(default_factory=list)
    """The first of them."""


class Tally:
    """Counts of a run."""

    def __init__(self) -> None:
        self.whole = 0
        self.passed = 0
        self.skipped = 0
        self.unbegun = 0
        """Those that an interrupt kept from being begun."""
        self.notes: Counter[str] = Counter()
        self.other_notes = 0
        self._errors: dict[str, Group] = {}
        self._warnings: dict[str, Group] = {}
        self._slowest: list[tuple[float, int, str]] = []

    def take(self, target: TargetReport) -> None:
        """Counts one target."""
        self.whole += 1
        if target.outcome is Outcome.SKIPPED:
            self.skipped += 1
            return
        if is_unbegun(target):
            self.unbegun += 1
            return
        self.passed += target.outcome in (Outcome.PASSED, Outcome.WARNED)
        for cause, title in causes_of(target, Severity.WARNING):
            _into(self._warnings, cause, title, target.target)
        # The first error is the one that stands for the failure; so the counts add up.
        for cause, title in causes_of(target, Severity.ERROR)[:1]:
            _into(self._errors, cause, title, target.target)
        self._take_notes(target)
        push = heappush if len(self._slowest) < _SLOWEST else heappushpop
        push(self._slowest, (total_ms(target), -self.whole, target.target))

    @property
    def errors(self) -> list[Group]:
        """What targets failed by, the most frequent first."""
        return sorted(self._errors.values(), key=lambda each: -each.count)

    @property
    def warnings(self) -> list[Group]:
        """What targets were warned of, the most frequent first."""
        return sorted(self._warnings.values(), key=lambda each: -each.count)

    @property
    def slowest(self) -> Iterator[tuple[str, float]]:
        """Name and milliseconds of those that took longest."""
        return ((name, time) for time, _, name in sorted(self._slowest, reverse=True))

    def _take_notes(self, target: TargetReport) -> None:
        for note in set(target.notes):
            if note in self.notes or len(self.notes) < _NOTES:
                self.notes[note] += 1
            else:
                self.other_notes += 1


def is_unbegun(target: TargetReport) -> bool:
    """Whether an interrupt kept the target from being begun."""
    return target.outcome is Outcome.INTERRUPTED and not target.observations.stages


def causes_of(target: TargetReport, severity: Severity) -> list[tuple[str, str]]:
    """Id and title of each cause, once; of a failure that no known cause explains, two empty
    texts."""
    found = {each.cause: each.title for each in target.diagnoses if each.severity is severity}
    if severity is Severity.ERROR and target.outcome is Outcome.FAILED and not found:
        return [("", "")]
    return list(found.items())


def _into(groups: dict[str, Group], cause: str, title: str, name: str) -> None:
    group = groups.setdefault(cause, Group(cause, title))
    group.count += 1
    if group.title != title:
        group.title = ""
    if len(group.names) < _NAMES:
        group.names.append(name)
