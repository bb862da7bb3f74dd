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
    found: Any
    if rule.many:
        found = _toml(text, "[")
        return found if isinstance(found, list) else _split(text)
    match rule.kind:
        case Kind.FLAG:
            return _FLAGS.get(text.strip().lower(), text)
        case Kind.INTEGER | Kind.NUMBER:
            found = _toml(text)
            return found if isinstance(found, int | float) else text
        case Kind.SECRET:
            found = _toml(text, "{")
            return found if isinstance(found, dict) else text
        case _:
            found = _toml(text, "\"'")
            return found if isinstance(found, str) else text


def _toml(text: str, begins: str = "") -> Any:
    """The value that a TOML file would give for `key = TEXT`, or None. `begins`: how one of the
    wanted type begins; what begins otherwise, as most hosts and names do, needs no parser."""
    if "\n" in text or (begins and text.lstrip(" \t")[:1] not in begins):
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
