"""What the JSON Schemas of several outputs are made of.

Keys may be added within a version, so that an object may hold more than its schema names.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from smtpcheck.model.diagnosis import Confidence, Owner, Severity
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Stage
from smtpcheck.report.json_report import SCHEMA

Schema = dict[str, Json]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TIME: Schema = {"type": "number", "minimum": 0, "description": "in milliseconds"}
CODE: Schema = {"type": "integer", "minimum": 0, "maximum": 255}
VERSION: Schema = {"const": SCHEMA}


def diagnosis_parts(stages: Iterable[StrEnum] = Stage) -> Schema:
    """`diagnosis` and the `evidence` it refers to, for `$defs`; `stages`: where it may stand."""
    change = table({"key": TEXT, "value": {}, "verified": FLAG})
    diagnosis: Schema = {
        "cause": TEXT,
        "severity": one_of(Severity),
        "title": TEXT,
        "stage": {"enum": [*(each.value for each in stages), ""]},
        "confidence": one_of(Confidence),
        "owner": one_of(Owner),
        "retryable": FLAG,
        "why": TEXT,
        "help": many(TEXT),
        "changes": many(change),
        "evidence": many(ref("evidence")),
        "references": many(TEXT),
    }
    spans = many(many(COUNT, exactly=2))
    return {
        "diagnosis": table(diagnosis),
        "evidence": table({"event": COUNT, "text": TEXT}, {"spans": spans}),
    }


def table(properties: Schema, added: Schema | None = None) -> Schema:
    """An object that has all of these, and may have more. `added`: those that came later within the
    version, which what an older smtpcheck wrote does not have."""
    every = {**properties, **(added or {})}
    return {"type": "object", "properties": every, "required": list(properties)}


def many(items: Schema, *, exactly: int | None = None) -> Schema:
    """A list of these."""
    bounds: Schema = {} if exactly is None else {"minItems": exactly, "maxItems": exactly}
    return {"type": "array", "items": items, **bounds}


def one_of(words: Iterable[StrEnum]) -> Schema:
    """One of the words."""
    return {"enum": [each.value for each in words]}


def or_null(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> Schema:
    """What stands under that name in `$defs`."""
    return {"$ref": f"#/$defs/{name}"}
