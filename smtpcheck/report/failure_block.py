"""A failure for which no cause is known: the words of the server, and how to get more of them."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.model.observation import Step
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.model.transcript import Event
from smtpcheck.report.again import try_row
from smtpcheck.report.diagnosis_block import Place, arrow_rows, labelled
from smtpcheck.report.facts import text_of, texts_of, whole_of
from smtpcheck.report.quote import Quote, gutter_for, quote_rows
from smtpcheck.report.rows import Role, Row, hanging, row, shown
from smtpcheck.report.style import Style

_LINES = 8
_EVENT_FACTS = ("reply.event", "silence.event", "error.event")
_WORDS = ("reply.text", "silence.partial", "silence.detail", "error.message")


def unknown_rows(target: TargetReport, place: Place, style: Style) -> list[Row]:
    """The block that stands in for a diagnosis: it quotes, and claims nothing."""
    stage = next(
        (each for each in target.observations.stages if each.outcome is Outcome.FAILED), None
    )
    step = stage.failed_step if stage else None
    where = step.step if step else (stage.stage.value if stage else "")
    title = "no known cause fits this failure"
    rows = hanging(row(("error", Role.ERROR), (": ", Role.TITLE)), title, style, Role.TITLE)
    rows += arrow_rows(where, place, style)
    if step:
        rows += _quoted(step, target.observations.transcript, style)
        if step.summary and not whole_of(step.facts, "reply.event"):
            rows += labelled("saw", shown(step.summary, style), style)
    rows += labelled("why", "not known: smtpcheck shows what it saw, and does not guess", style)
    options = ("--verbose", "--debug-file", "smtpcheck-debug.txt")
    rows.append(try_row(target, stage.stage.value if stage else "", *options))
    return rows


def _quoted(step: Step, transcript: Sequence[Event], style: Style) -> list[Row]:
    events = events_of_failure(step, transcript)
    if not events:
        words = next(
            (text_of(step.facts, name) for name in _WORDS if text_of(step.facts, name)), ""
        )
        return quote_rows(Quote(words), style, Role.FAILED) if words else []
    gutter = gutter_for([event.n for event in events])
    rows: list[Row] = []
    for event in events[:_LINES]:
        rows += quote_rows(
            Quote(event.text, (), event.n, event.who.value), style, Role.FAILED, gutter
        )
    return rows


def events_of_failure(step: Step, transcript: Sequence[Event]) -> list[Event]:
    """The events that the failed step's facts point at; of a reply, all its lines."""
    numbers = (whole_of(step.facts, name) for name in _EVENT_FACTS)
    number = next((each for each in numbers if each), 0)
    at = next((i for i, event in enumerate(transcript) if event.n == number), -1)
    if at < 0:
        return []
    whole = max(1, len(texts_of(step.facts, "reply.lines")))
    return [event for event in transcript[at : at + whole] if event.who is transcript[at].who]
