"""Reads a TOML file: its tables and the line of every key, or one clear problem."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smtpcheck.model.errors import Problem, ProfileError
from smtpcheck.store.lazy import LazyMapping
from smtpcheck.store.positions import KeyPath, positions

LARGEST = 1 << 20
"""Octets; a profile is a page of text."""

BOM = b"\xef\xbb\xbf"
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_bytes(path: Path) -> bytes:
    """The content of a profile's file. Raises ProfileError where it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ProfileError(
            [_problem(str(path), 0, f"the file cannot be read: {error.strerror or error}")]
        ) from None
    if len(content) > LARGEST:
        raise ProfileError([_problem(str(path), 0, "the file is larger than 1 MiB: no profile")])
    return content


def decode(content: bytes, file: str) -> str:
    """The text of a TOML file, without a byte order mark. Raises ProfileError."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ProfileError([_problem(file, 1, "the file is UTF-16", "save it as UTF-8")])
    try:
        return content.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProfileError(
            [_problem(file, line, "the file is not UTF-8", "save it as UTF-8")]
        ) from None


def parse_toml(content: bytes, file: str) -> tuple[dict[str, Any], Mapping[KeyPath, int]]:
    """The tables of the text and the line of every key. Raises ProfileError."""
    text = decode(content, file)
    try:
        return tomllib.loads(text), LazyMapping(positions, text)
    except RecursionError:
        raise ProfileError([_problem(file, 0, "the file is nested too deeply")]) from None
    except ValueError as error:
        raise ProfileError([_syntax(str(error), text, file)]) from None


def _syntax(words: str, text: str, file: str) -> Problem:
    """The parser's message with its place. The line itself is not quoted: it may hold a secret."""
    where = _WHERE.search(words)
    line = int(where[1]) if where and where[1] else text.count("\n") + 1
    column = f", column {where[2]}" if where and where[2] else ""
    reason = _WHERE.sub("", words)
    safe = "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in reason)
    message = f"the file is not valid TOML: {safe} (line {line}{column})"
    return _problem(file, line, message, _hint(reason))


def _hint(reason: str) -> str:
    if "Invalid value" in reason:
        return "text stands in quotation marks; true and false are in lower case"
    if "Unescaped '\\'" in reason:
        return "put text with a backslash in single quotation marks"
    if "overwrite" in reason or "twice" in reason or "Duplicate" in reason:
        return "each key and each table may stand once"
    return ""


def _problem(file: str, line: int, message: str, suggestion: str = "") -> Problem:
    return Problem(file, line, "", "", "", message, suggestion)
