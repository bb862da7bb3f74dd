"""The JSON Schemas of what `--format json` writes: reports, lines of reports, explanations.

Keys may be added within a version, so that readers must take those they do not know; the facts of a
step are of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from smtpcheck.model.diagnosis import Confidence, Owner, Severity
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Who
from smtpcheck.report.json_report import SCHEMA

Schema = dict[str, Json]

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_TIME: Schema = {"type": "number", "minimum": 0, "description": "in milliseconds"}
_CODE: Schema = {"type": "integer", "minimum": 0, "maximum": 255}
_VERSION: Schema = {"const": SCHEMA}


def report_schema() -> Schema:
    """`probe`, `send-test` and `replay` with `--format json`."""
    run: Schema = {
        **_run(),
        "outcome": _ref("outcome"),
        "exit_code": _CODE,
        "targets": _many(_ref("target")),
    }
    return {"title": "A report of smtpcheck", **_table(run), "$defs": _parts()}


def line_schema() -> Schema:
    """A line of `--format jsonl`: a target, and of which run it is."""
    line = _table({**_run(), **_target()})
    return {"title": "A line of a report of smtpcheck", **line, "$defs": _parts()}


def explanation_schema() -> Schema:
    """`explain --format json` of a text or of a log, which has `groups` besides; and a line of
    `explain --format jsonl`."""
    found = _many(_ref("diagnosis"))
    group: Schema = {
        "cause": _TEXT,
        "count": _COUNT,
        "first": _TEXT,
        "last": _TEXT,
        "sample": _TEXT,
    }
    log: Schema = {
        "groups": _many(_table(group)),
        "lines": _COUNT,
        "delivered": _COUNT,
        "unexplained": _COUNT,
    }
    text = _table({"schema": _VERSION, "diagnoses": found})
    whole: Schema = {**text, "properties": {"schema": _VERSION, "diagnoses": found, **log}}
    line = _table({"id": {}, "diagnoses": found})
    parts = {name: each for name, each in _parts().items() if name in ("diagnosis", "evidence")}
    return {"title": "An explanation of smtpcheck", "anyOf": [whole, line], "$defs": parts}


def _run() -> Schema:
    tool = _table({"name": {"const": "smtpcheck"}, "version": _TEXT})
    return {"schema": _VERSION, "tool": tool, "started": {"type": "string", "format": "date-time"}}


def _parts() -> Schema:
    return {
        "outcome": _one_of(Outcome),
        "target": _table(_target()),
        "stage": _table(
            {
                "stage": _one_of(Stage),
                "outcome": _ref("outcome"),
                "blocked_by": _or_null(_one_of(Stage)),
                "elapsed_ms": _TIME,
                "steps": _many(_ref("step")),
            }
        ),
        "step": _table(
            {"step": _TEXT, "outcome": _ref("outcome"), "elapsed_ms": _TIME, "summary": _TEXT}
        ),
        "experiment": _table(
            {"name": _TEXT, "outcome": _ref("outcome"), "summary": _TEXT, "elapsed_ms": _TIME}
        ),
        "diagnosis": _table(_diagnosis()),
        "evidence": _table(
            {"event": _COUNT, "text": _TEXT, "spans": _many(_many(_COUNT, exactly=2))}
        ),
        "event": _table({"n": _COUNT, "at_ms": _TIME, "who": _one_of(Who), "text": _TEXT}),
        "attempt": _table(
            {
                "outcome": _ref("outcome"),
                "exit_code": _CODE,
                "elapsed_ms": _TIME,
                "waited_ms": _TIME,
                "cause": _TEXT,
            }
        ),
        "finding": _table(
            {
                "id": _TEXT,
                "severity": _one_of(Severity),
                "key": _TEXT,
                "message": _TEXT,
                "help": _many(_TEXT),
            }
        ),
    }


def _target() -> Schema:
    return {
        "target": _TEXT,
        "profile": _or_null(_TEXT),
        "outcome": _ref("outcome"),
        "exit_code": _CODE,
        "stages": _many(_ref("stage")),
        "experiments": _many(_ref("experiment")),
        "diagnoses": _many(_ref("diagnosis")),
        "transcript": _many(_ref("event")),
        "settings": {"type": "object"},
        "notes": _many(_TEXT),
        "interrupted": _FLAG,
        "findings": _many(_ref("finding")),
        "attempts": _many(_ref("attempt")),
        "baseline": _or_null(_TEXT),
        "drift": _many(_table({"what": _TEXT, "before": {}, "now": {}})),
    }


def _diagnosis() -> Schema:
    change = _table({"key": _TEXT, "value": {}, "verified": _FLAG})
    return {
        "cause": _TEXT,
        "severity": _one_of(Severity),
        "title": _TEXT,
        "stage": {"enum": [*(each.value for each in Stage), ""]},
        "confidence": _one_of(Confidence),
        "owner": _one_of(Owner),
        "retryable": _FLAG,
        "why": _TEXT,
        "help": _many(_TEXT),
        "changes": _many(change),
        "evidence": _many(_ref("evidence")),
        "references": _many(_TEXT),
    }


def _table(properties: Schema) -> Schema:
    """An object that has all of these, and may have more."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _many(items: Schema, *, exactly: int | None = None) -> Schema:
    bounds: Schema = {} if exactly is None else {"minItems": exactly, "maxItems": exactly}
    return {"type": "array", "items": items, **bounds}


def _one_of(words: Iterable[StrEnum]) -> Schema:
    return {"enum": [each.value for each in words]}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
