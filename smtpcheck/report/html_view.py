"""What the HTML report shows of a target, as values that its template only has to place."""

from __future__ import annotations

import json

from smtpcheck.model.diagnosis import Confidence, Diagnosis, Severity
from smtpcheck.model.observation import Observations, StageResult
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Event
from smtpcheck.model.value import dataclass
from smtpcheck.report.again import try_command
from smtpcheck.report.details import fact_rows, message_rows
from smtpcheck.report.diagnosis_block import Place, keeping_command, quote_of
from smtpcheck.report.drift_block import drift_pairs, since
from smtpcheck.report.essentials import essentials, skip_reason
from smtpcheck.report.facts import text_of
from smtpcheck.report.failure_block import events_of_failure
from smtpcheck.report.html_network import (
    Address,
    Capability,
    CertificateLine,
    addresses_of,
    capabilities_of,
    certificates_of,
    handshake_of,
)
from smtpcheck.report.quote import marked_runs
from smtpcheck.report.rows import row_text, shown
from smtpcheck.report.style import Style
from smtpcheck.report.target_block import place_of
from smtpcheck.report.transcript import events_of
from smtpcheck.report.verdict import verdict
from smtpcheck.report.waterfall import Bar, waterfall
from smtpcheck.report.words import (
    OUTCOME_WORDS,
    OWNER_WORDS,
    SECURITY_WORDS,
    duration,
    endpoint,
    mark,
)

_WIDE = Style(100, color=False, unicode=True)
_SCALE = 1000
"""Units of a drawing from the start of the run to its end."""
_NARROWEST = 4
_EVIDENCE = 6
_OPEN_EVENTS = 400
"""Lines of a conversation that is open when the page is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A stage or a step of the waterfall."""

    name: str
    outcome: Outcome
    word: str
    mark: str
    time: str
    x: int
    width: int
    """Of the bar, in thousandths of the run; 0: none is drawn."""
    summary: str
    steps: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Quoted:
    """A line of evidence: where it stands in the conversation, and its pieces."""

    number: int
    who: str
    runs: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Cause:
    """A diagnosis, or what stands in for one."""

    id: str
    severity: str
    title: str
    where: str
    quoted: list[Quoted]
    sure: str
    why: str
    owner: str
    help: list[str]
    changes: list[tuple[str, str]]
    """Each setting, and what speaks for it."""
    references: tuple[str, ...]
    again: str
    """The command that tries again."""


@dataclass(frozen=True, slots=True)
class TargetView:
    """One target of the page."""

    anchor: str
    name: str
    outcome: Outcome
    mark: str
    verdict: str
    about: list[tuple[str, str]]
    causes: list[Cause]
    lines: list[Line]
    scale: list[str]
    addresses: list[Address]
    handshake: list[tuple[str, str]]
    certificates: list[CertificateLine]
    capabilities: list[Capability]
    both: bool
    """EHLO was answered before and within TLS."""
    tried: list[Line]
    settings: list[tuple[str, str]]
    facts: list[str]
    events: tuple[Event, ...]
    is_open: bool
    notes: tuple[str, ...]
    since: str
    """With which run it was compared; empty: with none."""
    drift: list[tuple[str, str]]


def target_view(target: TargetReport, number: int, started: str) -> TargetView:
    """One target of a page; `number` is its place in the report."""
    seen = target.observations
    ran = target.outcome is not Outcome.SKIPPED
    capabilities, both = capabilities_of(seen)
    lines, scale = _lines(target)
    return TargetView(
        anchor=f"target-{number}",
        name=target.target,
        outcome=target.outcome,
        mark=mark(target.outcome, _WIDE),
        verdict="".join(text for text, _ in verdict(target)),
        about=_about(target),
        causes=_causes(target),
        lines=lines if ran else [],
        scale=scale,
        addresses=addresses_of(seen),
        handshake=handshake_of(seen),
        certificates=certificates_of(seen, started),
        capabilities=capabilities,
        both=both,
        tried=[
            _line(each.name, each.outcome, Bar(0, each.elapsed_ms), 0, each.summary)
            for each in seen.experiments
        ],
        settings=[
            (name, _written(value))
            for name, value in seen.settings.items()
            if value not in (None, "", [], (), {})
        ],
        facts=_facts(seen),
        events=events_of(target) if ran else (),
        is_open=len(seen.transcript) <= _OPEN_EVENTS,
        notes=target.notes if ran else (),
        since=since(target, _WIDE),
        drift=drift_pairs(target, _WIDE),
    )


def _about(target: TargetReport) -> list[tuple[str, str]]:
    settings = target.observations.settings
    security = text_of(settings, "server.security")
    said = (
        ("Server", endpoint(settings)),
        ("Security", SECURITY_WORDS.get(security, security)),
        ("Proxy", text_of(settings, "proxy.host")),
        ("User", text_of(settings, "auth.username")),
        ("Sender", text_of(settings, "sender.address")),
        ("Profile", target.profile or ""),
    )
    return [(name, text) for name, text in said if text]


def _lines(target: TargetReport) -> tuple[list[Line], list[str]]:
    """The waterfall of the five stages, and the times at its start, middle and end."""
    seen = target.observations
    times = waterfall(seen)
    made: list[Line] = []
    for result, whole, bars in zip(seen.stages, times.stages, times.steps, strict=True):
        steps = tuple(
            _line(step.step, step.outcome, bar, times.total, step.summary)
            for step, bar in zip(result.steps, bars, strict=True)
        )
        summary = _stage_words(result, seen, has_profile=target.profile is not None)
        made.append(_line(result.stage.value, result.outcome, whole, times.total, summary, steps))
    known = {result.stage for result in seen.stages}
    for stage in Stage:
        if stage not in known:
            left = StageResult(stage, Outcome.SKIPPED)
            why = _stage_words(left, seen, has_profile=target.profile is not None)
            made.append(_line(stage.value, Outcome.SKIPPED, Bar(0, 0), 0, why))
    scale = [duration(times.total * part) for part in (0, 0.25, 0.5, 0.75, 1)]
    return made, scale if times.total else []


def _line(
    name: str,
    outcome: Outcome,
    bar: Bar,
    total: float,
    summary: str,
    steps: tuple[Line, ...] = (),
) -> Line:
    drawn = total > 0 and outcome is not Outcome.SKIPPED
    scale = _SCALE / total if drawn else 0.0
    width = min(_SCALE, max(_NARROWEST, round(bar.elapsed * scale))) if drawn else 0
    return Line(
        name,
        outcome,
        OUTCOME_WORDS[outcome],
        mark(outcome, _WIDE),
        "" if outcome is Outcome.SKIPPED else duration(bar.elapsed),
        min(round(bar.start * scale), _SCALE - width),
        width,
        summary,
        steps,
    )


def _stage_words(result: StageResult, seen: Observations, *, has_profile: bool) -> str:
    if result.outcome is Outcome.SKIPPED:
        return skip_reason(result, seen, has_profile=has_profile)
    if result.failed_step:
        return f"at {result.failed_step.step}"
    return ", ".join(essentials(result, seen))


def _causes(target: TargetReport) -> list[Cause]:
    """The diagnoses, errors first; a failure without one is quoted, and nothing is claimed."""
    where = place_of(target)
    made = sorted(target.diagnoses, key=lambda each: each.severity is Severity.WARNING)
    found = [_cause(each, where) for each in made]
    has_error = any(each.severity is Severity.ERROR for each in made)
    if target.outcome is Outcome.FAILED and not has_error:
        return [_no_known_cause(target, where), *found]
    return found


def _cause(diagnosis: Diagnosis, where: Place) -> Cause:
    quotes = [quote_of(each) for each in diagnosis.evidence[:_EVIDENCE]]
    again = keeping_command(diagnosis, where)
    if not again and where.target is not None:
        _, again = try_command(where.target, diagnosis.stage, changes=diagnosis.changes)
    return Cause(
        id=diagnosis.cause,
        severity=diagnosis.severity.value,
        title=_prose(diagnosis.title),
        where=", ".join(part for part in (diagnosis.stage, where.endpoint) if part),
        quoted=[
            Quoted(each.number, each.who, marked_runs(each.text, each.spans)) for each in quotes
        ],
        sure="" if diagnosis.confidence is Confidence.CERTAIN else diagnosis.confidence.value,
        why=_prose(diagnosis.why),
        owner=OWNER_WORDS[diagnosis.owner],
        help=[_prose(step) for step in diagnosis.help],
        changes=[
            (
                f"{change.key} = {_written(change.value)}",
                "tried in this run: it gets further" if change.verified else "not tried",
            )
            for change in diagnosis.changes
        ],
        references=diagnosis.references,
        again=again,
    )


def _no_known_cause(target: TargetReport, where: Place) -> Cause:
    failed = (each.failed_step for each in target.observations.stages)
    step = next((each for each in failed if each), None)
    events = events_of_failure(step, target.observations.transcript) if step else []
    quoted = [Quoted(each.n, each.who.value, marked_runs(each.text, ())) for each in events]
    if step and not quoted:
        quoted = [Quoted(0, "", marked_runs(step.summary, ()))]
    return Cause(
        id="",
        severity=Severity.ERROR.value,
        title="no known cause fits this failure",
        where=", ".join(part for part in (step.step if step else "", where.endpoint) if part),
        quoted=quoted[:_EVIDENCE],
        sure="",
        why="not known: smtpcheck shows what it saw, and does not guess",
        owner="",
        help=[],
        changes=[],
        references=(),
        again=try_command(
            target,
            step.step.partition(".")[0] if step else "",
            *("--verbose", "--debug-file", "smtpcheck-debug.txt"),
        )[1],
    )


def _facts(seen: Observations) -> list[str]:
    """Every fact of every step as lines of text."""
    rows: list[str] = []
    for stage in seen.stages:
        for step in stage.steps:
            lines = [*message_rows(step, _WIDE), *fact_rows(step, _WIDE)]
            if lines:
                rows += [shown(step.step, _WIDE), *(row_text(line).rstrip() for line in lines)]
    return rows


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _prose(text: str) -> str:
    return " ".join(text.split())
