"""The JSON Schemas of what commands besides the probe write with `--format json`."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from smtpcheck.model.diagnosis import Confidence, Owner, Severity
from smtpcheck.model.discovery import Found, Proof, Vouching
from smtpcheck.model.domain import Area
from smtpcheck.model.preset import Preset
from smtpcheck.model.secret import SecretSource
from smtpcheck.model.stage import Outcome
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

_DATE: Schema = {"type": "string", "format": "date-time"}
_PORT: Schema = {"type": "integer", "minimum": 0, "maximum": 65535}
_TEXTS = many(TEXT)


def domain_schema() -> Schema:
    """`domain`. The facts of a check stand beside its keys."""
    check: Schema = {
        "check": TEXT,
        "area": one_of(Area),
        "outcome": one_of(Outcome),
        "summary": TEXT,
    }
    rule: Schema = {
        "receiver": TEXT,
        "senders": TEXT,
        "outcome": one_of(Outcome),
        "lacks": _TEXTS,
        "unknown": _TEXTS,
        "source": TEXT,
        "as_of": TEXT,
    }
    record: Schema = {"cause": TEXT, "name": TEXT, "type": TEXT, "value": TEXT, "line": TEXT}
    whole: Schema = {
        "tool": table({"name": {"const": "smtpcheck"}, "version": TEXT}),
        "domain": TEXT,
        "envelope": TEXT,
        "profile": or_null(TEXT),
        "provider": TEXT,
        "exit_code": CODE,
        "checks": many(ref("check")),
        "receivers": many(table(rule)),
        "diagnoses": many(ref("diagnosis")),
        "publish": many(table(record)),
        "notes": _TEXTS,
        "elapsed_ms": TIME,
    }
    parts: Schema = {"check": table(check), **diagnosis_parts(Area)}
    return {**_document("A sender's domain", whole), "$defs": parts}


def discover_schema() -> Schema:
    """`discover`; `best` is null where nothing was found."""
    server: Schema = {"host": TEXT, "port": _PORT, "security": TEXT}
    known: Schema = {**server, "username": TEXT, "preset": TEXT, "vouching": one_of(Vouching)}
    source: Schema = {
        "source": TEXT,
        "outcome": one_of(Found),
        "summary": TEXT,
        "elapsed_ms": TIME,
        "offers": many(table(server)),
        "told_address": TEXT,
    }
    candidate: Schema = {
        **known,
        "sources": _TEXTS,
        "methods": _TEXTS,
        "proof": one_of(Proof),
        "cause": TEXT,
        "summary": TEXT,
        "mechanisms": _TEXTS,
        "elapsed_ms": TIME,
    }
    whole: Schema = {
        "address": TEXT,
        "domain": TEXT,
        "exit_code": CODE,
        "best": or_null(table({**known, "reason": TEXT, "command": TEXT})),
        "failure": TEXT,
        "sources": many(table(source)),
        "candidates": many(table(candidate)),
        "help": _TEXTS,
        "notes": _TEXTS,
    }
    return _document("What was found out about an address", whole)


def lint_schema() -> Schema:
    """`profile lint`."""
    finding: Schema = {
        "profile": or_null(TEXT),
        "file": TEXT,
        "line": COUNT,
        "key": TEXT,
        "id": TEXT,
        "severity": one_of(Severity),
        "message": TEXT,
        "help": _TEXTS,
    }
    whole: Schema = {"profiles": COUNT, "findings": many(table(finding)), "notes": _TEXTS}
    return _document("Findings in profiles", whole)


def causes_schema() -> Schema:
    """`causes`."""
    return _document("The causes that are known", {"causes": many(table(_cause()))})


def cause_schema() -> Schema:
    """`explain CAUSE-ID`."""
    return _document("A cause", _cause())


def profiles_schema() -> Schema:
    """`profile list`; one that cannot be read is told with its problems."""
    place: Schema = {"name": TEXT, "path": TEXT}
    good: Schema = {
        **place,
        "broken": {"const": False},
        "enabled": FLAG,
        "tags": _TEXTS,
        "description": TEXT,
        "preset": TEXT,
        "host": TEXT,
        "socket": TEXT,
        "port": _PORT,
        "security": TEXT,
        "sender": TEXT,
    }
    problem = table({"line": COUNT, "key": TEXT, "message": TEXT})
    bad: Schema = {**place, "broken": {"const": True}, "problems": many(problem)}
    return _document("Profiles", {"profiles": many({"anyOf": [table(good), table(bad)]})})


def settings_schema() -> Schema:
    """`profile show`: a secret by where it is kept; with `--origin` where each setting is from."""
    whole: Schema = {
        "profile": or_null(TEXT),
        "path": TEXT,
        "settings": {"type": "object"},
        "notes": _TEXTS,
    }
    made = _document("Settings in use", whole)
    return {**made, "properties": {"schema": VERSION, **whole, "origins": {"type": "object"}}}


def presets_schema() -> Schema:
    """`profile presets`."""
    preset: Schema = {each.name: _kept(each) for each in fields(Preset)}
    return _document("Presets", {"presets": many(table(preset))})


def drafts_schema() -> Schema:
    """`profile drafts`."""
    draft: Schema = {
        "name": TEXT,
        "path": TEXT,
        "saved": _DATE,
        "broken": FLAG,
        "of": TEXT,
        "keys": _TEXTS,
    }
    return _document("Drafts of profiles", {"drafts": many(table(draft))})


def path_schema() -> Schema:
    """`profile path`."""
    return _document("Where profiles are", {"path": TEXT})


def secrets_schema() -> Schema:
    """`secret status`; `available` is null where it was not looked."""
    secret: Schema = {
        "profile": TEXT,
        "key": TEXT,
        "source": {"enum": [*(each.value for each in SecretSource), ""]},
        "where": TEXT,
        "available": or_null(FLAG),
        "detail": TEXT,
        "notes": _TEXTS,
    }
    return _document("Where secrets are", {"secrets": many(table(secret))})


def logins_schema() -> Schema:
    """`login --status`; what is known of the token stands there where one is kept."""
    login: Schema = {
        "profile": or_null(TEXT),
        "issuer": TEXT,
        "flow": TEXT,
        "username": TEXT,
        "enabled": FLAG,
        "kept": FLAG,
        "detail": TEXT,
    }
    token: Schema = {
        "account": TEXT,
        "scopes": _TEXTS,
        "expires": or_null(_DATE),
        "expires_in_s": or_null({"type": "integer"}),
        "renewable": FLAG,
    }
    one: Schema = {**table(login), "properties": {**login, **token}}
    return _document("Kept logins", {"logins": many(one)})


def sandbox_schema() -> Schema:
    """A line of `sandbox`: that it listens, a mail, a line of talk, or the list of scenarios."""
    ports: Schema = {"type": "object", "additionalProperties": _PORT}
    lines: list[Schema] = [
        {
            "event": {"const": "listening"},
            "host": TEXT,
            "ports": ports,
            "ca_file": TEXT,
            "username": TEXT,
            "password": TEXT,
            "token": or_null(TEXT),
            "mechanisms": _TEXTS,
            "client_certificate": _TEXTS,
            "scenario": TEXT,
        },
        {
            "event": {"const": "mail"},
            "number": COUNT,
            "at": _DATE,
            "envelope_sender": TEXT,
            "recipients": _TEXTS,
            "subject": TEXT,
            "size": COUNT,
            "peer": TEXT,
            "tls_version": TEXT,
            "username": TEXT,
            "queue_id": TEXT,
        },
        {"event": {"const": "talk"}, "connection": COUNT, "who": TEXT, "text": TEXT},
        {"scenarios": many(table({"name": TEXT, "title": TEXT, "cause": or_null(TEXT)}))},
    ]
    title = "A line of the sandbox (smtpcheck)"
    return {"title": title, "anyOf": [table({"schema": VERSION, **each}) for each in lines]}


def _cause() -> Schema:
    rule: Schema = {
        "confidence": one_of(Confidence),
        "source": TEXT,
        "as_of": TEXT,
        "help": _TEXTS,
        "examples": _TEXTS,
    }
    return {
        "cause": TEXT,
        "title": TEXT,
        "why": TEXT,
        "help": _TEXTS,
        "owner": one_of(Owner),
        "retryable": FLAG,
        "references": _TEXTS,
        "changes": many(table({"key": TEXT, "value": {}})),
        "rules": many(table(rule)),
    }


def _kept(each: Field[Any]) -> Schema:
    default = each.default
    if each.default_factory is not MISSING:
        return {"type": "object"}
    if isinstance(default, bool):
        return FLAG
    if isinstance(default, tuple):
        return {"type": "array"}
    return {"type": "number"} if isinstance(default, int | float) else TEXT


def _document(title: str, properties: Schema) -> Schema:
    return {"title": f"{title} (smtpcheck)", **table({"schema": VERSION, **properties})}
