"""Reads and writes `NAME=value` lines, as `.env` files have them.

There is no standard. This reads what the dotenv libraries of Python, PHP, Ruby and JavaScript and
the shell agree on; `$NAME` without braces is left alone, since passwords look like that, unless
it is the variable itself or a name with an underscore, such as $MAIL_PASSWORD, and nothing else.
"""

from __future__ import annotations

import re

from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign.entry import Entry, Lookup, Source

_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*")
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BACKTICK = re.compile(r"`([^`]*)`")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^{}]*))?\}")
_UNBRACED = re.compile(r"\$([A-Z][A-Z0-9_]*)")
_BARE = re.compile(r"[A-Za-z0-9_@%+:,./-]+")
_LONGEST = 65_536
"""Characters of one value, with what it refers to filled in."""


@dataclass(frozen=True, slots=True)
class EnvText:
    """What a text of `NAME=value` lines holds."""

    entries: tuple[Entry, ...]
    strange: tuple[int, ...]
    """Lines that are neither empty, nor a comment, nor `NAME=value`."""


def read_env_text(source: Source) -> EnvText:
    """Every `NAME=value` of the text. A value that refers to a name of an earlier line has it
    filled in; one that refers to another name is a Lookup."""
    text = source.text
    entries: list[Entry] = []
    strange: list[int] = []
    known: dict[str, str] = {}
    at, line = 0, 1
    while at < len(text):
        found = _NAME.match(text, at)
        if found is None:
            end = _end_of_line(text, at)
            rest = text[at:end].strip()
            if rest and not rest.startswith("#"):
                strange.append(line)
        else:
            raw, expands, end = _value(text, found.end())
            value = _filled(raw, known, found[1]) if expands and raw is not None else raw
            if isinstance(value, str):
                known[found[1]] = value
            entries.append(Entry(found[1], value, line))
        line += text.count("\n", at, end) + 1
        at = end + 1
    return EnvText(tuple(entries), tuple(strange))


def env_line(name: str, value: str) -> str:
    """`NAME=value`, quoted so that the dotenv libraries read the same value."""
    return f"{name}={quoted(value)}"


def quoted(value: str) -> str:
    """The value as it stands behind the equals sign."""
    if not value or (_BARE.fullmatch(value) and value.lower() != "null"):
        return value
    if not re.search(r"['\r\n]|\\\\|\\\Z", value):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _value(text: str, at: int) -> tuple[str | None, bool, int]:
    """The value (None for the word `null`), whether references in it count, and its line's end."""
    quote = text[at : at + 1]
    for mark, pattern in (("'", _SINGLE), ('"', _DOUBLE), ("`", _BACKTICK)):
        found = pattern.match(text, at) if quote == mark else None
        if found is not None:
            raw = found[1]
            if mark == '"':
                raw = _ESCAPE.sub(_unescaped, raw)
            elif mark == "'":
                raw = raw.replace("\\'", "'")
            return raw, mark == '"', _end_of_line(text, found.end())
    end = _end_of_line(text, at)
    bare = text[at:end]
    comment = re.search(r"(?:^|[ \t])#", bare)
    word = (bare[: comment.start()] if comment else bare).strip()
    return None if word.lower() == "null" else word, True, end


def _unescaped(found: re.Match[str]) -> str:
    character = found[1]
    if character == "$":
        return "$\0"  # not the beginning of a reference
    return _ESCAPES.get(character, character if character in "\\\"'`" else found[0])


def _filled(raw: str, known: dict[str, str], own: str) -> str | Lookup:
    bare = _UNBRACED.fullmatch(raw)
    if bare and (bare[1] == own or "_" in bare[1]):
        return known.get(bare[1], Lookup({"env": bare[1]}))
    whole = _REFERENCE.fullmatch(raw)
    if whole and whole[1] not in known:
        return Lookup({"env": whole[1]}, whole[2])
    missing: list[str] = []
    length = len(raw)

    def fill(found: re.Match[str]) -> str:
        nonlocal length
        default: str | None = found[2]
        value = known.get(found[1], default)
        if value is None:
            missing.append(found[1])
            return found[0]
        length += len(value)
        return value if length <= _LONGEST else ""

    made = _REFERENCE.sub(fill, raw).replace("$\0", "$")
    if missing and "://" not in made:  # of a URL each part is looked at by itself
        return Lookup({}, words=f"environment variable {missing[0]}, in part")
    if length > _LONGEST:
        return Lookup({}, words="names that make it too long")
    return made


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
