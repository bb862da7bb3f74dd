"""What the page of a run shows besides its targets: how many passed, what the others failed by, and
a table of them all. Of many targets only those have a section that need one.
"""

from __future__ import annotations

from collections.abc import Iterator

from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.report.html_view import TargetView, target_view
from smtpcheck.report.style import Style
from smtpcheck.report.summary import cause_words
from smtpcheck.report.survey import Survey, survey
from smtpcheck.report.tally import NO_CAUSE, Group, Tally
from smtpcheck.report.verdict import short_verdict
from smtpcheck.report.words import counted, mark, run_time, some_of_many, total_ms

_WIDE = Style(100, color=False, unicode=True)


@dataclass(frozen=True, slots=True)
class RowView:
    """A target in the table of all."""

    anchor: str
    """Of its section; empty where it has none."""
    name: str
    outcome: Outcome
    mark: str
    short: str
    """`failed at auth`."""
    time: str
    cause: str
    """Its id, or what else is said in a few words."""


@dataclass(frozen=True, slots=True)
class CauseView:
    """A cause that several targets may have."""

    severity: str
    cause: str
    title: str
    count: int
    names: str
    """The first of the targets, and how many more there are."""


@dataclass(frozen=True, slots=True)
class PageView:
    """The whole page. Its targets are made as they are asked for, once."""

    title: str
    started: str
    exit_code: int
    count: int
    """Of targets."""
    causes: list[CauseView]
    """Empty where the sections of the targets say it all."""
    rows: Iterator[RowView]
    targets: Iterator[TargetView]
    left_out: str
    """Which targets have no section; empty where all have one."""


def page_view(report: Report) -> PageView:
    """The page of a run against one or many targets."""
    seen = survey(report)
    if seen.count == 1:
        only = report.targets[0]
        title = f"{only.target}: {short_verdict(only)}"
    else:
        title = f"{seen.tally.passed} of {counted(seen.count, 'target')} passed"
    return PageView(
        title,
        report.started,
        report.exit_code,
        seen.count,
        _causes(seen.tally) if seen.is_long else [],
        _rows(report, seen),
        (target_view(report.targets[at], at + 1, report.started) for at in seen.at_length),
        seen.left_out,
    )


def _rows(report: Report, seen: Survey) -> Iterator[RowView]:
    detailed = {*seen.at_length}
    for at in seen.worst_first:
        yield _row(report.targets[at], f"target-{at + 1}" if at in detailed else "")


def _row(target: TargetReport, anchor: str) -> RowView:
    return RowView(
        anchor,
        target.target,
        target.outcome,
        mark(target.outcome, _WIDE),
        short_verdict(target),
        run_time(total_ms(target)) if target.outcome is not Outcome.SKIPPED else "",
        cause_words(target),
    )


def _causes(tally: Tally) -> list[CauseView]:
    return [
        *(_cause("error", each) for each in tally.errors),
        *(_cause("warning", each) for each in tally.warnings),
    ]


def _cause(severity: str, group: Group) -> CauseView:
    names = some_of_many(group.names, group.count)
    return CauseView(severity, group.cause or NO_CAUSE, group.title, group.count, names)
