"""Turns the text of a flag or an environment variable into the value that a key wants."""

from __future__ import annotations

import tomllib
from typing import Any

from smtpcheck.model.settings import Kind, Rule

_FLAGS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def value_from_text(text: str, rule: Rule) -> Any:
    """The value that the text writes: TOML where that gives the wanted type, else the text.

    `587` is a number for a port and text for a name; `a@x.example, b@x.example` is an array of
    two where an array is wanted. What does not fit is returned as it is: checking refuses it.
    """
    found = _toml(text)
    if rule.many:
        return found if isinstance(found, list) else _split(text)
    match rule.kind:
        case Kind.FLAG:
            return _FLAGS.get(text.strip().lower(), text)
        case Kind.INTEGER | Kind.NUMBER:
            return found if isinstance(found, int | float) else text
        case Kind.SECRET:
            return found if isinstance(found, dict) else text
        case _:
            return found if isinstance(found, str) else text


def _toml(text: str) -> Any:
    """The value that a TOML file would give for `key = TEXT`, or None."""
    if "\n" in text:
        return None
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return None
    return read["value"] if set(read) == {"value"} else None


def _split(text: str) -> list[str]:
    """The parts between commas; a comma within quotation marks belongs to its part."""
    parts, quoted = [""], False
    for character in text:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    # Only blanks: a control character stays, and is refused.
    return [part.strip(" \t") for part in parts if part.strip(" \t")]
