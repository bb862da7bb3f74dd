"""One target of a report as text for people: its stages, its diagnoses, its verdict."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.escape import cells
from smtpcheck.report.facts import text_of
from smtpcheck.report.rows import BLANK, Role, Row, hanging, row, shown
from smtpcheck.report.stage_rows import experiment_rows, stage_rows
from smtpcheck.report.style import Style
from smtpcheck.report.verdict import verdict
from smtpcheck.report.words import SECURITY_WORDS, endpoint, place

if TYPE_CHECKING:
    from smtpcheck.report.diagnosis_block import Place


def target_rows(
    target: TargetReport, style: Style, *, verbose: bool, opened: Collection[Stage]
) -> list[Row]:
    """The whole block. `verbose` adds every step with its facts and the conversation; the stages of
    `opened` show their steps even where all is well."""
    rows = _header_rows(target, style)
    if target.outcome is not Outcome.SKIPPED:
        rows += [BLANK, *stage_rows(target, style, verbose=verbose, opened=opened)]
        experiments = target.observations.experiments
        if experiments:
            rows += [BLANK, row(("tried after the failure", Role.TITLE))]
            rows += experiment_rows(experiments, style, verbose=verbose)
        if verbose:
            from smtpcheck.report.transcript import conversation_rows

            rows += [BLANK, *conversation_rows(target, style)]
    if target.observations.baseline:
        from smtpcheck.report.drift_block import drift_rows

        rows += drift_rows(target, style)
    rows += judgement_rows(target, style, verbose=verbose)
    notes = () if target.outcome is Outcome.SKIPPED else target.notes  # the verdict has them
    if notes:
        rows.append(BLANK)
    for note in notes:
        rows += hanging(row(("note", Role.LABEL), ": "), shown(note, style), style, hard=False)
    return [*rows, BLANK, *_verdict_rows(target, style)]


def quiet_rows(target: TargetReport, style: Style) -> list[Row]:
    """The diagnoses and the verdict."""
    rows = judgement_rows(target, style, verbose=False)[1:]
    name = f"{shown(target.target, style)} "
    return [*rows, *([BLANK] if rows else []), *_verdict_rows(target, style, name)]


def _verdict_rows(target: TargetReport, style: Style, name: str = "") -> list[Row]:
    (core, role), *rest = verdict(target)
    first = row((name, Role.TITLE), (core, role))
    words = shown("".join(text for text, _ in rest), style)
    joint = "" if words.startswith(":") else " "
    return hanging(row(*first, joint), words, style, hard=False, indent=2)


def judgement_rows(target: TargetReport, style: Style, *, verbose: bool) -> list[Row]:
    """The diagnoses, errors first, each behind a blank row."""
    if not target.diagnoses and target.outcome is not Outcome.FAILED:
        return []
    from smtpcheck.report.diagnosis_block import diagnosis_rows
    from smtpcheck.report.failure_block import unknown_rows

    where = place_of(target)
    has_error = any(each.severity is Severity.ERROR for each in target.diagnoses)
    rows: list[Row] = []
    if target.outcome is Outcome.FAILED and not has_error:
        rows += [BLANK, *unknown_rows(target, where, style)]
    for diagnosis in sorted(target.diagnoses, key=lambda each: each.severity is Severity.WARNING):
        rows += [BLANK, *diagnosis_rows(diagnosis, style, where, verbose=verbose)]
    return rows


def place_of(target: TargetReport) -> Place:
    """Where the diagnoses of a run were made."""
    from smtpcheck.report.diagnosis_block import Place

    return Place(
        target,
        place(target),
        fixable=bool(text_of(target.observations.settings, "profile")),
        draft=text_of(target.observations.settings, "draft"),
    )


def _header_rows(target: TargetReport, style: Style) -> list[Row]:
    settings = target.observations.settings
    where = endpoint(settings)
    parts: list[str] = []
    if where and where != target.target:
        parts.append(where)
    security = text_of(settings, "server.security")
    if security:
        parts.append(SECURITY_WORDS.get(security, security))
    proxy = text_of(settings, "proxy.host")
    if proxy:
        parts.append(f"through the {text_of(settings, 'proxy.type')} proxy {proxy}")
    name, words = shown(target.target, style), shown(", ".join(parts), style)
    if cells(name) + 2 + cells(words) <= style.width:
        return [row((name, Role.TITLE), "  ", (words, Role.ASIDE))]
    return [row((name, Role.TITLE)), *hanging(row("  "), words, style, Role.ASIDE)]
