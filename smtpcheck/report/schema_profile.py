"""The JSON Schema of a profile, made from the rules that its keys are checked by."""

from __future__ import annotations

from dataclasses import Field
from typing import Any

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.profile import SECTIONS, Profile
from smtpcheck.model.secret import SecretSource
from smtpcheck.model.settings import Kind, Rule, rules_of

_ONE_LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
_FINGERPRINT = "^$|^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$"


def profile_schema() -> dict[str, Json]:
    """What stands in a profile's file, as data: TOML is read to the types of JSON."""
    properties = _properties(Profile)
    for name, section in SECTIONS.items():
        *above, last = name.split(".")
        place = properties
        for each in above:
            place = _tables(place, each)
        place[last] = _table(_properties(section))
    return {
        "title": "A profile of smtpcheck",
        **_table(properties),
        "$defs": {"secret": _secret()},
    }


def _tables(properties: dict[str, Json], name: str) -> dict[str, Json]:
    table = properties[name]
    inner = table.get("properties") if isinstance(table, dict) else None
    if not isinstance(inner, dict):
        raise TypeError(f"the section {name} stands behind a section of it")
    return inner


def _table(properties: dict[str, Json]) -> dict[str, Json]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _properties(section: type) -> dict[str, Json]:
    return {each.name: _property(each, rule) for each, rule in rules_of(section)}


def _property(each: Field[Any], rule: Rule) -> Json:
    if rule.kind is Kind.SECRET:
        return {"$ref": "#/$defs/secret", "description": rule.doc}
    one = _value(rule)
    made: dict[str, Json] = {"type": "array", "items": one} if rule.many else one
    made["description"] = rule.doc
    default = each.default
    if isinstance(default, bool | int | float | str) and (default or rule.kind is Kind.FLAG):
        made["default"] = default
    return made


def _value(rule: Rule) -> dict[str, Json]:
    match rule.kind:
        case Kind.FLAG:
            return {"type": "boolean"}
        case Kind.INTEGER | Kind.NUMBER:
            kind = "integer" if rule.kind is Kind.INTEGER else "number"
            return {"type": kind, "minimum": rule.low, "maximum": rule.high}
        case Kind.CHOICE:
            # As every text, one that is empty is not set.
            unset = () if rule.many else ("",)
            return {"enum": list(dict.fromkeys((*rule.choices, *unset)))}
        case Kind.FINGERPRINT:
            return {"type": "string", "pattern": _FINGERPRINT}
        case _:
            made: dict[str, Json] = {"type": "string", "pattern": _ONE_LINE}
            return {**made, "minLength": 1} if rule.many else made


def _secret() -> dict[str, Json]:
    """Where a secret is kept; never the secret."""
    line: dict[str, Json] = {"type": "string", "pattern": _ONE_LINE, "minLength": 1}
    words: dict[str, Json] = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    values: dict[str, Json] = {
        SecretSource.KEYRING.value: {"const": True},
        SecretSource.PROMPT.value: {"const": True},
        SecretSource.ENV.value: {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        SecretSource.FILE.value: line,
        SecretSource.COMMAND.value: words,
    }
    return {
        "type": "object",
        "properties": values,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "description": "where it is kept; the secret itself must not be in a profile",
    }
