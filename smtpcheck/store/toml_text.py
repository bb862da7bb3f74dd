"""The text of a new profile file: sections in the order of the model, secrets as inline tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from smtpcheck.model.profile import SECTIONS
from smtpcheck.store.keys import KEYS

Path = tuple[str, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NO_COMMENTS: Mapping[str, str] = {}
_ORDER = {name: place for place, name in enumerate([*KEYS, *SECTIONS])}


def document(
    tables: Mapping[str, Any], header: str, comments: Mapping[str, str] = _NO_COMMENTS
) -> str:
    """A TOML file of nested tables. `comments` stand above the key or the table they are named
    by (`server.host`, `server`); None is left out, an empty table too."""
    lines = [*_comment(header), *_assignments(tables, (), comments)]
    for path, table in _sections(tables, ()):
        body = list(_assignments(table, path, comments))
        if body:
            above = _comment(comments.get(".".join(path), ""))
            lines += ["", *above, f"[{'.'.join(map(_word, path))}]", *body]
    return "\n".join(lines) + "\n"


def inline(value: Any) -> str:
    """A value as it stands behind the equals sign, on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_word(name)} = {inline(each)}" for name, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(inline(each) for each in value)}]"
    import tomli_w

    return tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"# {line}".rstrip()


def _assignments(
    table: Mapping[str, Any], parents: Path, comments: Mapping[str, str]
) -> Iterator[str]:
    for path in _in_order(table, parents):
        value = table[path[-1]]
        if value is not None and not _is_section(path, value):
            yield from _comment(comments.get(".".join(path), ""))
            yield f"{_word(path[-1])} = {inline(value)}"


def _sections(tables: Mapping[str, Any], parents: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for path in _in_order(tables, parents):
        table = tables[path[-1]]
        if _is_section(path, table):
            yield path, table
            yield from _sections(table, path)


def _is_section(path: Path, value: Any) -> bool:
    """A table that gets a header; any other is written inline, as a secret's place is."""
    return isinstance(value, Mapping) and (len(path) == 1 or ".".join(path) in SECTIONS)


def _in_order(table: Mapping[str, Any], parents: Path) -> list[Path]:
    paths = [(*parents, word) for word in table]
    return sorted(paths, key=lambda path: _ORDER.get(".".join(path), len(_ORDER)))


def _word(word: str) -> str:
    """One part of a key; quoted where it must be."""
    return word if _BARE.fullmatch(word) else inline(word)
