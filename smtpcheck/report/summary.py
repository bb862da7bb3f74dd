"""The table that ends a run against several targets."""

from __future__ import annotations

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.report.escape import cells
from smtpcheck.report.rows import Piece, Role, Row, cut, row, shown, table
from smtpcheck.report.style import Style
from smtpcheck.report.verdict import short_verdict, warnings_of
from smtpcheck.report.words import OUTCOME_ROLES, counted, mark, run_time, total_ms

_NARROWEST_TARGET = 16
_GAPS = 8


def summary_rows(report: Report, style: Style) -> list[Row]:
    """A row for each target, then how many passed."""
    head: list[Piece] = [
        (name, Role.SKIPPED) for name in ("  target", "result", "    time", "cause")
    ]
    lines = [_line(target, style) for target in report.targets]
    others = max(sum(cells(text) for text, _ in line[1:]) for line in lines) + _GAPS
    widest = max(_NARROWEST_TARGET, style.width - others)
    lines = [[(cut(line[0][0], widest), line[0][1]), *line[1:]] for line in lines]
    return [*table([head, *lines]), row(), _count(report)]


def _line(target: TargetReport, style: Style) -> list[Piece]:
    ran = target.outcome is not Outcome.SKIPPED
    time = f"{run_time(total_ms(target)) if ran else '':>8}"
    name = f"{mark(target.outcome, style)} {shown(target.target, style)}"
    return [
        (name, Role.PLAIN),
        (short_verdict(target), result_role(target)),
        (time, Role.PLAIN),
        (shown(cause_words(target), style), Role.PLAIN),
    ]


def result_role(target: TargetReport) -> Role:
    """The look of a target's result; one that passed with warnings looks warned."""
    warned = warnings_of(target) and _passed(target)
    return Role.WARNED if warned else OUTCOME_ROLES[target.outcome]


def cause_words(target: TargetReport) -> str:
    """Why the target failed, or how many warnings it has, in a few words."""
    if target.outcome is Outcome.SKIPPED:
        return "disabled"
    if _passed(target):
        count = warnings_of(target)
        return counted(count, "warning") if count else ""
    errors = (each for each in target.diagnoses if each.severity is Severity.ERROR)
    first = next(errors, None)
    if first is not None:
        return first.cause
    return "no known cause" if target.outcome is Outcome.FAILED else ""


def _passed(target: TargetReport) -> bool:
    return target.outcome in (Outcome.PASSED, Outcome.WARNED)


def _count(report: Report) -> Row:
    whole = len(report.targets)
    passed = sum(1 for target in report.targets if _passed(target))
    skipped = sum(1 for target in report.targets if target.outcome is Outcome.SKIPPED)
    words = f"{passed} of {whole} targets passed"
    extra = f", {skipped} skipped" if skipped else ""
    if report.exit_code == ExitCode.OK:
        return row((words, Role.SUCCESS), extra)
    return row((words, Role.ERROR), f"{extra} (exit {report.exit_code})")
