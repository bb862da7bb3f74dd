"""A report as JSON, the form that other programs rely on, and back.

The keys and their order are a contract; `settings`, `notes`, `interrupted`, `findings`, `attempts`,
`baseline`, `drift` and `spans` were added behind the others, and more may be.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping

import smtpcheck
from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.drift import Drift
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import ExperimentResult, StageResult, Step
from smtpcheck.model.report import Attempt, Report, TargetReport
from smtpcheck.model.transcript import Event
from smtpcheck.report.json_reading import report_from_data

__all__ = [
    "SCHEMA",
    "diagnosis_to_data",
    "plain",
    "render_json",
    "report_from_data",
    "report_to_data",
    "run_to_data",
    "target_to_data",
]

SCHEMA = 1
_LONE = re.compile("[\ud800-\udfff]")
_STEP_KEYS = frozenset(("step", "outcome", "elapsed_ms", "summary"))
_EXPERIMENT_KEYS = frozenset(("name", "outcome", "summary", "elapsed_ms"))


def render_json(report: Report) -> Iterator[str]:
    """The report as one JSON document, in ASCII: it reads the same in every encoding, and nothing
    in it acts on a terminal."""
    head = dump(_run(report), indent=2).removesuffix("\n}")
    yield f'{head},\n  "targets": ['
    joint = "\n    "
    for target in report.targets:
        # A line end within a string is written as an escape: each that stands here can be indented.
        yield joint + dump(target_to_data(target), indent=2).replace("\n", "\n    ")
        joint = ",\n    "
    yield "]\n}\n" if joint == "\n    " else "\n  ]\n}\n"


def dump(data: Json, *, indent: int | None = None) -> str:
    """JSON text that is safe in the log of a build server too: `##` starts an order there, and
    can stand only inside a string here."""
    text = json.dumps(data, indent=indent, ensure_ascii=True, allow_nan=False)
    return text.replace("##", "#\\u0023")


def report_to_data(report: Report) -> dict[str, Json]:
    """The report as plain values; times in milliseconds, rounded to three decimals."""
    return {**_run(report), "targets": [target_to_data(target) for target in report.targets]}


def run_to_data(report: Report) -> dict[str, Json]:
    """What every document of a run says of it."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "smtpcheck", "version": smtpcheck.__version__},
        "started": plain(report.started),
    }


def _run(report: Report) -> dict[str, Json]:
    outcome: dict[str, Json] = {
        "outcome": report.outcome.value,
        "exit_code": int(report.exit_code),
    }
    return {**run_to_data(report), **outcome}


def target_to_data(target: TargetReport) -> dict[str, Json]:
    """One target as plain values."""
    seen = target.observations
    return {
        "target": plain(target.target),
        "profile": plain(target.profile),
        "outcome": target.outcome.value,
        "exit_code": int(target.exit_code),
        "stages": [_stage(stage) for stage in seen.stages],
        "experiments": [_experiment(each) for each in seen.experiments],
        "diagnoses": [diagnosis_to_data(each) for each in target.diagnoses],
        "transcript": [_event(event) for event in seen.transcript],
        "settings": plain(seen.settings),
        "notes": plain(target.notes),
        "interrupted": seen.interrupted,
        "findings": [_finding(each) for each in seen.findings],
        "attempts": [_attempt(each) for each in target.attempts],
        "baseline": plain(seen.baseline or None),
        "drift": [_drift(each) for each in seen.drift],
    }


def _attempt(attempt: Attempt) -> dict[str, Json]:
    return {
        "outcome": attempt.outcome.value,
        "exit_code": int(attempt.exit_code),
        "elapsed_ms": _ms(attempt.elapsed_ms),
        "waited_ms": _ms(attempt.waited_ms),
        "cause": plain(attempt.cause),
    }


def _stage(stage: StageResult) -> dict[str, Json]:
    return {
        "stage": stage.stage.value,
        "outcome": stage.outcome.value,
        "blocked_by": plain(stage.blocked_by),
        "elapsed_ms": _ms(stage.elapsed_ms),
        "steps": [_step(step) for step in stage.steps],
    }


def _step(step: Step) -> dict[str, Json]:
    return {
        "step": plain(step.step),
        "outcome": step.outcome.value,
        "elapsed_ms": _ms(step.elapsed_ms),
        "summary": plain(step.summary),
        **_beside(step.facts, _STEP_KEYS),
    }


def _experiment(each: ExperimentResult) -> dict[str, Json]:
    return {
        "name": plain(each.name),
        "outcome": each.outcome.value,
        "summary": plain(each.summary),
        "elapsed_ms": _ms(each.elapsed_ms),
        **_beside(each.facts, _EXPERIMENT_KEYS),
    }


def _beside(facts: Facts, taken: frozenset[str]) -> dict[str, Json]:
    return {_text(name): plain(value) for name, value in facts.items() if name not in taken}


def diagnosis_to_data(diagnosis: Diagnosis) -> dict[str, Json]:
    """One diagnosis as plain values, as every JSON output holds it."""
    return {
        "cause": plain(diagnosis.cause),
        "severity": diagnosis.severity.value,
        "title": plain(diagnosis.title),
        "stage": plain(diagnosis.stage),
        "confidence": diagnosis.confidence.value,
        "owner": diagnosis.owner.value,
        "retryable": diagnosis.retryable,
        "why": plain(diagnosis.why),
        "help": plain(diagnosis.help),
        "changes": [
            {"key": plain(each.key), "value": plain(each.value), "verified": each.verified}
            for each in diagnosis.changes
        ],
        "evidence": [
            {"event": each.event, "text": plain(each.text), "spans": plain(each.spans)}
            for each in diagnosis.evidence
        ],
        "references": plain(diagnosis.references),
    }


def _event(event: Event) -> dict[str, Json]:
    return {
        "n": event.n,
        "at_ms": _ms(event.at_ms),
        "who": event.who.value,
        "text": plain(event.text),
    }


def _finding(each: LintFinding) -> dict[str, Json]:
    return {
        "id": plain(each.id),
        "severity": each.severity.value,
        "key": plain(each.key),
        "message": plain(each.message),
        "help": plain(each.help),
    }


def _drift(each: Drift) -> dict[str, Json]:
    return {"what": plain(each.what), "before": plain(each.before), "now": plain(each.now)}


def _ms(value: float) -> float:
    return round(value, 3) if math.isfinite(value) else 0.0


def plain(value: Json) -> Json:
    """The value as JSON can say it: no tuples, no half characters, no infinite numbers."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(name): plain(each) for name, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float):
        return value
    return [plain(each) for each in value]


def _text(text: str) -> str:
    return text if text.isascii() else _LONE.sub("\ufffd", text)
