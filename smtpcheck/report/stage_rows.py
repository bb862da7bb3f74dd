"""The five stages, one row each, and the steps of those that need a closer look."""

from __future__ import annotations

from collections.abc import Collection

from smtpcheck.model.observation import ExperimentResult, Observations, StageResult, Step
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import TLS_DEEP, Outcome, Stage
from smtpcheck.report.details import fact_rows, message_rows
from smtpcheck.report.essentials import essentials, skip_reason
from smtpcheck.report.facts import stage_of
from smtpcheck.report.login_offer import offer_rows
from smtpcheck.report.rows import NARROWEST, Role, Row, cut, hanging, row, row_cells, shown
from smtpcheck.report.style import Style
from smtpcheck.report.waterfall import bar_text, waterfall
from smtpcheck.report.words import OUTCOME_ROLES, OUTCOME_WORDS, duration, mark

_STEP_NAME = 13
_ROWS = 2
_NARROW = 64
_WIDE = 100
_BAR = 10
_ASKED_FOR = ("tcp.ping",)
"""Steps that are taken at the user's word alone, and answer it."""
_NEEDS_A_LOOK = (Outcome.FAILED, Outcome.INTERRUPTED)


def stage_rows(
    target: TargetReport, style: Style, *, verbose: bool, opened: Collection[Stage] = ()
) -> list[Row]:
    """A row for each of the five stages, whether the run reached it or not; below it its steps,
    where it failed or is one of `opened`."""
    seen = target.observations
    rows: list[Row] = []
    bars = _bars(seen, style) if verbose and style.width >= _WIDE else {}
    for stage in Stage:
        result = stage_of(seen, stage) or StageResult(stage, Outcome.SKIPPED)
        rows += _one_stage(result, seen, style, has_profile=target.profile is not None)
        for at, step in enumerate(result.steps):
            is_open = verbose or stage in opened or result.outcome in _NEEDS_A_LOOK
            asked_for = step.step in TLS_DEEP
            shown = is_open or asked_for or step.step in _ASKED_FOR
            if shown or step.outcome is Outcome.WARNED:
                rows += _step_rows(
                    step, style, verbose=verbose or asked_for, bar=bars.get((stage, at), "")
                )
            if is_open:
                rows += message_rows(step, style)
            if verbose:
                rows += fact_rows(step, style)
        if stage is Stage.AUTH:
            rows += offer_rows(seen, style)
    return rows


def experiment_rows(
    experiments: tuple[ExperimentResult, ...], style: Style, *, verbose: bool
) -> list[Row]:
    """What was tried after the failure."""
    rows: list[Row] = []
    for each in experiments:
        step = Step(each.name, each.outcome, each.elapsed_ms, each.summary, each.facts)
        rows += _step_rows(step, style, verbose=verbose)
        if verbose:
            rows += fact_rows(step, style)
    return rows


def _bars(seen: Observations, style: Style) -> dict[tuple[Stage, int], str]:
    """By stage and place within it, when each step ran within the whole run."""
    times = waterfall(seen)
    return {
        (result.stage, at): bar_text(bar, times.total, _BAR, unicode=style.unicode)
        if result.steps[at].outcome is not Outcome.SKIPPED
        else " " * _BAR
        for result, bars in zip(seen.stages, times.steps, strict=True)
        for at, bar in enumerate(bars)
    }


def _one_stage(
    result: StageResult, seen: Observations, style: Style, *, has_profile: bool
) -> list[Row]:
    role = OUTCOME_ROLES[result.outcome]
    is_skipped = result.outcome is Outcome.SKIPPED
    time = "" if is_skipped else duration(result.elapsed_ms)
    first = row(
        " ",
        (mark(result.outcome, style), role),
        " ",
        (f"{result.stage.value:<4}", Role.SKIPPED if is_skipped else Role.TITLE),
        "  ",
        (f"{OUTCOME_WORDS[result.outcome]:<7}", role),
        (f" {time:>8}  ", Role.SKIPPED),
    )
    if is_skipped:
        reason = shown(skip_reason(result, seen, has_profile=has_profile), style)
        return hanging(first, reason, style, Role.SKIPPED)
    return _beside(first, shown(_summary(result, seen), style), style, indent=6)


def _beside(first: Row, words: str, style: Style, *, indent: int) -> list[Row]:
    """The words in the last column, or, on a narrow terminal, below the others."""
    if style.width >= _NARROW or not words:
        return hanging(first, words, style)
    return [first, *hanging(row(" " * indent), words, style)]


def _summary(result: StageResult, seen: Observations) -> str:
    if result.failed_step:
        return f"at {result.failed_step.step}"
    phrases = essentials(result, seen)
    if not phrases and result.steps:
        return result.steps[-1].summary
    return ", ".join(phrases)


def _step_rows(step: Step, style: Style, *, verbose: bool, bar: str = "") -> list[Row]:
    role = OUTCOME_ROLES[step.outcome]
    first = row(
        (f"     {shown(step.step, style):<{_STEP_NAME}}  ", Role.PLAIN),
        (f"{OUTCOME_WORDS[step.outcome]:<7}", role),
        (f" {duration(step.elapsed_ms):>8}  ", Role.SKIPPED),
        (f"{bar}  " if bar else "", role),
    )
    summary = shown(step.summary, style)
    if not verbose:  # the words that matter stand in full below, as evidence
        summary = cut(summary, _ROWS * max(NARROWEST, style.width - row_cells(first)))
    return _beside(first, summary, style, indent=9)
