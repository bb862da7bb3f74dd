"""Whether real output keeps to the schema that is published for it, and holds no key besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator

OPEN = ("step", "experiment", "check")
"""Facts stand beside the keys of these."""


def valid(data: Any, schema: dict[str, Any]) -> None:
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(schema, format_checker=checker).validate(data)


def closed(schema: Any, name: str = "") -> Any:
    """The schema without room for a key that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value, key) for key, value in schema.items()}
    if "properties" in schema and isinstance(schema.get("type"), str) and name not in OPEN:
        made["additionalProperties"] = False
    return made


def keeps_to(make: Callable[[], dict[str, Any]], data: Any) -> None:
    """The schema is one, and the output holds what it says and no more."""
    Draft202012Validator.check_schema(make())
    valid(data, closed(make()))
