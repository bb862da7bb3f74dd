"""Reads `name = value` lines under `[section]`s, in the way of Grafana's reader (go-ini)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtpcheck.store.foreign.entry import Entry, Source

_SECTION = re.compile(r"\[([^\]]*)\]")


def read_ini(source: Source) -> list[Entry]:
    """Every setting as `section.name`; those before the first section as `name`."""
    found: list[Entry] = []
    section = ""
    lines = iter(enumerate(source.text.split("\n"), 1))
    for number, line in lines:
        text = line.strip()
        head = _SECTION.match(text)
        if not text or text[0] in "#;":
            continue
        if head:
            section = head[1].strip()
            continue
        parted = re.search("[=:]", text)
        if parted:
            name = text[: parted.start()].strip()
            value = _value(text[parted.end() :].strip(), lines)
            found.append(Entry(f"{section}.{name}" if section else name, value, number))
    return found


def _value(text: str, lines: Iterator[tuple[int, str]]) -> str:
    for mark in ('"""', "`"):
        if text.startswith(mark):
            return _to_the_mark(text[len(mark) :], mark, lines)
    bare = re.split(r"[#;]", text, maxsplit=1)[0].strip()
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":
        return bare[1:-1]
    return bare


def _to_the_mark(text: str, mark: str, lines: Iterator[tuple[int, str]]) -> str:
    end = text.rfind(mark)
    if end >= 0:
        return text[:end]
    pieces = [text]
    for _number, line in lines:
        end = line.find(mark)
        if end >= 0:
            return "\n".join([*pieces, line[:end]])
        pieces.append(line)
    return ""


def ini_quoted(value: str) -> str:
    """A text that stands behind the equals sign as it is meant. Raises ValueError for one that
    holds both kinds of quotation marks."""
    if value and not re.search(r"[#;`'\"\\]", value) and value == value.strip():
        return value
    if '"""' not in value and not value.endswith('"'):
        return f'"""{value}"""'
    if "`" not in value:
        return f"`{value}`"
    raise ValueError
