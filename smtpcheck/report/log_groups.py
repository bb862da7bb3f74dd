"""The failures of a log by cause, as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass
from smtpcheck.report.diagnosis_block import labelled
from smtpcheck.report.escape import escape
from smtpcheck.report.json_report import SCHEMA, diagnosis_to_data
from smtpcheck.report.rows import BLANK, Role, Row, hanging, paint, row, shown
from smtpcheck.report.style import Style
from smtpcheck.report.words import OWNER_WORDS


@dataclass(frozen=True, slots=True)
class CauseCount:
    """One cause in a log."""

    diagnosis: Diagnosis
    count: int
    first: str
    """As the log writes times; empty where it has none."""
    last: str
    sample: str


@dataclass(frozen=True, slots=True)
class LogCounts:
    """What a log held."""

    causes: tuple[CauseCount, ...]
    lines: int
    delivered: int
    unexplained: int


def render_log(counts: LogCounts, style: Style, *, verbose: bool = False) -> str:
    """The causes, the commonest first, each with its times, a sample and the first steps of its
    fix; all steps with `verbose`."""
    rows: list[Row] = []
    for each in counts.causes:
        rows += _cause_rows(each, style, verbose=verbose)
        rows.append(BLANK)
    failed = sum(each.count for each in counts.causes)
    parts = [
        f"{counts.lines} lines",
        f"{counts.delivered} deliveries",
        f"{failed} failures explained",
    ]
    if counts.unexplained:
        parts.append(f"{counts.unexplained} failures without a known cause")
    rows += hanging(row(), ", ".join(parts), style, Role.ASIDE, hard=False)
    return paint(rows, style)


def log_to_data(counts: LogCounts) -> dict[str, Json]:
    """The same as plain values: `diagnoses` as for any text, and `groups` besides."""
    return {
        "schema": SCHEMA,
        "diagnoses": [diagnosis_to_data(each.diagnosis) for each in counts.causes],
        "groups": [
            {
                "cause": each.diagnosis.cause,
                "count": each.count,
                "first": each.first,
                "last": each.last,
                "sample": each.sample,
            }
            for each in counts.causes
        ],
        "lines": counts.lines,
        "delivered": counts.delivered,
        "unexplained": counts.unexplained,
    }


def _cause_rows(each: CauseCount, style: Style, *, verbose: bool) -> list[Row]:
    times = "time" if each.count == 1 else "times"
    head = row(
        (f"{each.count} {times} ", Role.TITLE), (f"{each.diagnosis.cause}", Role.ERROR), ": "
    )
    rows = hanging(head, shown(each.diagnosis.title, style), style, hard=False, indent=7)
    if each.first:
        until = f" to {each.last}" if each.last != each.first else ""
        rows += labelled("seen", escape(f"{each.first}{until}"), style)
    rows += labelled("sample", shown(each.sample, style, limit=600), style)
    steps: Sequence[str] = each.diagnosis.help if verbose else each.diagnosis.help[:2]
    for at, step in enumerate(steps):
        owner = "" if at else f"({OWNER_WORDS[each.diagnosis.owner]}) "
        rows += labelled("" if at else "fix", f"{owner}{shown(step, style, limit=800)}", style)
    return rows
