"""The JSON Schemas of what `--format json` writes: reports, lines of reports, explanations.

Keys may be added within a version, so that readers must take those they do not know; the facts of a
step are of this kind.
"""

from __future__ import annotations

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Who
from smtpcheck.report.schema_parts import (
    CODE,
    COUNT,
    FLAG,
    TEXT,
    TIME,
    VERSION,
    Schema,
    diagnosis_parts,
    many,
    one_of,
    or_null,
    ref,
    table,
)


def report_schema() -> Schema:
    """`probe`, `send-test` and `replay` with `--format json`."""
    run: Schema = {
        **_run(),
        "outcome": ref("outcome"),
        "exit_code": CODE,
        "targets": many(ref("target")),
    }
    return {"title": "A report of smtpcheck", **table(run), "$defs": _parts()}


def line_schema() -> Schema:
    """A line of `--format jsonl`: a target, and of which run it is."""
    line = table({**_run(), **_target()}, _added())
    return {"title": "A line of a report of smtpcheck", **line, "$defs": _parts()}


def explanation_schema() -> Schema:
    """`explain --format json` of a text or of a log, which has `groups` besides; and a line of
    `explain --format jsonl`."""
    found = many(ref("diagnosis"))
    group: Schema = {
        "cause": TEXT,
        "count": COUNT,
        "first": TEXT,
        "last": TEXT,
        "sample": TEXT,
    }
    log: Schema = {
        "groups": many(table(group)),
        "lines": COUNT,
        "delivered": COUNT,
        "unexplained": COUNT,
    }
    text = table({"schema": VERSION, "diagnoses": found})
    whole: Schema = {**text, "properties": {"schema": VERSION, "diagnoses": found, **log}}
    line = table({"id": {}, "diagnoses": found})
    every: Schema = {"anyOf": [whole, line], "$defs": diagnosis_parts()}
    return {"title": "An explanation of smtpcheck", **every}


def _run() -> Schema:
    tool = table({"name": {"const": "smtpcheck"}, "version": TEXT})
    return {"schema": VERSION, "tool": tool, "started": {"type": "string", "format": "date-time"}}


def _parts() -> Schema:
    return {
        "outcome": one_of(Outcome),
        "target": table(_target(), _added()),
        "stage": table(
            {
                "stage": one_of(Stage),
                "outcome": ref("outcome"),
                "blocked_by": or_null(one_of(Stage)),
                "elapsed_ms": TIME,
                "steps": many(ref("step")),
            }
        ),
        "step": table(
            {"step": TEXT, "outcome": ref("outcome"), "elapsed_ms": TIME, "summary": TEXT}
        ),
        "experiment": table(
            {"name": TEXT, "outcome": ref("outcome"), "summary": TEXT, "elapsed_ms": TIME}
        ),
        **diagnosis_parts(),
        "event": table({"n": COUNT, "at_ms": TIME, "who": one_of(Who), "text": TEXT}),
        "attempt": table(
            {
                "outcome": ref("outcome"),
                "exit_code": CODE,
                "elapsed_ms": TIME,
                "waited_ms": TIME,
                "cause": TEXT,
            }
        ),
        "finding": table(
            {
                "id": TEXT,
                "severity": one_of(Severity),
                "key": TEXT,
                "message": TEXT,
                "help": many(TEXT),
            }
        ),
    }


def _target() -> Schema:
    return {
        "target": TEXT,
        "profile": or_null(TEXT),
        "outcome": ref("outcome"),
        "exit_code": CODE,
        "stages": many(ref("stage")),
        "experiments": many(ref("experiment")),
        "diagnoses": many(ref("diagnosis")),
        "transcript": many(ref("event")),
    }


def _added() -> Schema:
    """The keys of a target that came later: what `report_from_data` reads without them is valid."""
    return {
        "settings": {"type": "object"},
        "notes": many(TEXT),
        "interrupted": FLAG,
        "findings": many(ref("finding")),
        "attempts": many(ref("attempt")),
        "baseline": or_null(TEXT),
        "drift": many(table({"what": TEXT, "before": {}, "now": {}})),
    }
