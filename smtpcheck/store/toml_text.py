"""The text of a new profile file: sections in the order of the model, secrets as inline tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smtpcheck.model.profile import SECTIONS
from smtpcheck.store.keys import KEYS

_NO_COMMENTS: Mapping[str, str] = {}
_ORDER = {name: place for place, name in enumerate([*KEYS, *SECTIONS])}


def document(
    tables: Mapping[str, Any], header: str, comments: Mapping[str, str] = _NO_COMMENTS
) -> str:
    """A TOML file of nested tables. `comments` stand above the key or the table they are named
    by (`server.host`, `server`); None is left out, an empty table too."""
    lines = [*_comment(header)]
    lines += _assignments(tables, "", comments)
    for name, table in _sections(tables, ""):
        body = list(_assignments(table, name, comments))
        if body:
            lines += ["", *_comment(comments.get(name, "")), f"[{_dotted(name)}]", *body]
    return "\n".join(lines) + "\n"


def inline(value: Any) -> str:
    """A value as it stands behind the equals sign, on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_dotted(name)} = {inline(each)}" for name, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(inline(each) for each in value)}]"
    import tomli_w

    return tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"# {line}".rstrip()


def _assignments(
    table: Mapping[str, Any], section: str, comments: Mapping[str, str]
) -> Iterator[str]:
    for word in sorted(table, key=lambda word: _place(_join(section, word))):
        name, value = _join(section, word), table[word]
        if value is None or _is_section(name, value):
            continue
        yield from _comment(comments.get(name, ""))
        yield f"{_dotted(word)} = {inline(value)}"


def _sections(tables: Mapping[str, Any], parent: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    names = {_join(parent, word): value for word, value in tables.items()}
    for name in sorted(names, key=_place):
        if _is_section(name, names[name]):
            yield name, names[name]
            yield from _sections(names[name], name)


def _is_section(name: str, value: Any) -> bool:
    """A table that gets a header; any other is written inline, as a secret's place is."""
    return isinstance(value, Mapping) and (name in SECTIONS or "." not in name)


def _place(name: str) -> int:
    return _ORDER.get(name, len(_ORDER))


def _join(section: str, word: str) -> str:
    return f"{section}.{word}" if section else word


def _dotted(name: str) -> str:
    """A key or a table's name for a file; one that no profile has is quoted where it must be."""
    plain = name.replace(".", "").replace("-", "").replace("_", "")
    return name if plain.isascii() and plain.isalnum() else inline(name)
