"""A run against many targets as text, while it goes on: a line for each, a block for what failed,
and at the end what a reader of hundreds wants to know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import ExitCode, Outcome, Stage
from smtpcheck.report.escape import cells
from smtpcheck.report.rows import BLANK, Role, Row, hanging, paint, row, row_cells, shown
from smtpcheck.report.style import Style
from smtpcheck.report.summary import cause_words, result_role
from smtpcheck.report.tally import NO_CAUSE, Group, Tally, causes_of, is_unbegun
from smtpcheck.report.target_block import judgement_rows, target_rows
from smtpcheck.report.verdict import short_verdict
from smtpcheck.report.words import mark, run_time, some_of_many, total_ms

_BLOCKS = 3
"""Targets with the same cause that are told at length; the others have a line that names it."""
_RESULT, _TIME = 14, 8
"""Columns."""
_NAMES = 5
_FINE = (Outcome.PASSED, Outcome.WARNED, Outcome.SKIPPED)


class TextStream:
    """Tells targets in the order in which they are given, and sums them up. It keeps counts and a
    few names, no target."""

    def __init__(
        self,
        style: Style,
        *,
        verbose: bool = False,
        quiet: bool = False,
        opened: Collection[Stage] = (),
    ) -> None:
        self._style = style
        self._verbose, self._quiet, self._opened = verbose, quiet, opened
        self._tally = Tally()
        self._blocks: dict[str, int] = {}
        self._begun = False
        self._stands_apart = False

    def told(self, target: TargetReport) -> str:
        """What is to be shown of a target that is done: a line, with its diagnoses where it failed
        and its cause was not told often enough; with `verbose` or opened stages the whole block.
        Nothing for one that was never begun, which is only counted, and, where the run is to be
        quiet, for one that passed."""
        self._tally.take(target)
        if is_unbegun(target) or (self._quiet and target.outcome in _FINE):
            return ""
        if (self._verbose or self._opened) and not self._quiet:
            rows = target_rows(target, self._style, verbose=self._verbose, opened=self._opened)
            return self._paint(rows, apart=True)
        judged: list[Row] = []
        if target.outcome not in _FINE and self._is_new(target):
            judged = judgement_rows(target, self._style, verbose=False)
        changed: list[Row] = []
        if target.observations.drift and not self._quiet:
            from smtpcheck.report.drift_block import change_rows

            changed = change_rows(target, self._style, indent=_RESULT)
        return self._paint([*self._line(target), *changed, *judged], apart=bool(judged))

    def closing(self, exit_code: int) -> str:
        """The summary: the causes and the targets that have them, the slowest targets, and last how
        many passed."""
        tally, style = self._tally, self._style
        rows = [
            *_groups("failed", Role.ERROR, tally.errors, style),
            *_groups("warnings", Role.WARNING, tally.warnings, style),
            *_notes(tally, style),
        ]
        slowest = [f"{shown(name, style)} {run_time(time)}" for name, time in tally.slowest]
        if slowest:
            rows += hanging(row(("slowest", Role.LABEL), ": "), ", ".join(slowest), style)
        return self._paint(
            [*rows, *([BLANK] if rows else []), _count(tally, exit_code)], apart=True
        )

    def _is_new(self, target: TargetReport) -> bool:
        """Whether a reader does not know yet what its cause looks like."""
        cause = next((cause for cause, _ in causes_of(target, Severity.ERROR)), "")
        self._blocks[cause] = self._blocks.get(cause, 0) + 1
        return self._blocks[cause] <= _BLOCKS

    def _line(self, target: TargetReport) -> list[Row]:
        """The name stands last, since no other is known that it could be aligned with."""
        style = self._style
        time = run_time(total_ms(target)) if target.outcome is not Outcome.SKIPPED else ""
        result = f"{mark(target.outcome, style)} {short_verdict(target):<{_RESULT}}"
        first = row((result, result_role(target)), f" {time:>{_TIME}}  ")
        name, cause = shown(target.target, style), shown(cause_words(target), style)
        return hanging(first, f"{name}: {cause}" if cause else name, style, hard=False)

    def _paint(self, rows: Iterable[Row], *, apart: bool) -> str:
        """Blocks stand apart from what is before and behind them, lines follow each other."""
        before = [BLANK] if self._begun and (apart or self._stands_apart) else []
        self._begun, self._stands_apart = True, apart
        return paint([*before, *rows], self._style)


def _groups(title: str, role: Role, groups: list[Group], style: Style) -> list[Row]:
    """Each cause with its targets, the most frequent first."""
    if not groups:
        return []
    rows = [row((title, role))]
    width = max(cells(str(each.count)) for each in groups)
    for each in groups:
        count = row(f"  {each.count:>{width}}  ")
        cause = shown(each.cause, style) or NO_CAUSE
        about = f"{cause}: {shown(each.title, style)}" if each.title else cause
        rows += hanging(count, about, style, hard=False)
        names = [shown(name, style) for name in each.names[:_NAMES]]
        told = some_of_many(names, each.count)
        rows += hanging(row(" " * row_cells(count)), told, style, Role.ASIDE)
    return [*rows, BLANK]


def _notes(tally: Tally, style: Style) -> list[Row]:
    rows: list[Row] = []
    for note, count in tally.notes.most_common():
        words = f"{shown(note, style)} ({count} of {tally.whole} targets)"
        rows += hanging(row(("note", Role.LABEL), ": "), words, style, hard=False)
    if tally.other_notes:
        rows.append(row(("note", Role.LABEL), f": {tally.other_notes} others, in the JSON report"))
    return [*rows, BLANK] if rows else []


def _count(tally: Tally, exit_code: int) -> Row:
    words = f"{tally.passed} of {tally.whole} targets passed"
    extra = f", {tally.skipped} skipped" if tally.skipped else ""
    extra += f", {tally.unbegun} not begun" if tally.unbegun else ""
    if exit_code == ExitCode.OK:
        return row((words, Role.SUCCESS), extra)
    return row((words, Role.ERROR), f"{extra} (exit {exit_code})")
