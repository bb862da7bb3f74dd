"""What has changed since the baseline, in the words of every format."""

from __future__ import annotations

from smtpcheck.diagnosis.drift import words_of
from smtpcheck.model.report import TargetReport
from smtpcheck.report.rows import BLANK, Role, Row, hanging, row, shown
from smtpcheck.report.style import Style

_LONGEST = 400
_TIME = 40
"""Characters of a time, which stands in every line: a saved report may hold any text there."""


def drift_pairs(target: TargetReport, style: Style) -> list[tuple[str, str]]:
    """What changed, and how; escaped."""
    return [
        (
            shown(each.what.replace("_", " "), style, limit=40),
            shown(words_of(each), style, limit=_LONGEST),
        )
        for each in target.observations.drift
    ]


def since(target: TargetReport, style: Style) -> str:
    """`since the run of 2026-03-01T09:30:00Z`, or the empty string where none was compared."""
    started = target.observations.baseline
    return f"since the run of {shown(started, style, limit=_TIME)}" if started else ""


def drift_lines(target: TargetReport, style: Style) -> list[str]:
    """A line each; one where nothing changed, none where nothing was compared."""
    when = since(target, style)
    if not when:
        return []
    told = [f"{when}: {what}: {words}" for what, words in drift_pairs(target, style)]
    return told or [f"{when}: nothing changed"]


def drift_rows(target: TargetReport, style: Style) -> list[Row]:
    """The block of a terminal, behind a blank row."""
    when = since(target, style)
    if not when:
        return []
    pairs = drift_pairs(target, style)
    if not pairs:
        return [BLANK, row((when, Role.TITLE), ": nothing changed")]
    return [BLANK, row((when, Role.TITLE)), *change_rows(target, style, indent=2)]


def change_rows(target: TargetReport, style: Style, *, indent: int) -> list[Row]:
    """A row for each change; none where there is none."""
    pairs = drift_pairs(target, style)
    widest = max((len(what) for what, _ in pairs), default=0)
    rows: list[Row] = []
    for what, words in pairs:
        label = row(" " * indent, (f"{what:<{widest}}", Role.LABEL), "  ")
        rows += hanging(label, words, style, hard=False)
    return rows
