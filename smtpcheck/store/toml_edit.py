"""Changes keys in a TOML text that a person wrote: comments, order and everything else stay."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from smtpcheck.store.toml_text import inline

if TYPE_CHECKING:
    from tomlkit.items import Item

REMOVED = object()
"""Stands for: take the key away."""


class CannotEditError(Exception):
    """The text is laid out so that the change cannot be made without touching the rest."""


def edited(text: str, changes: Mapping[tuple[str, ...], Any]) -> str:
    """The text with each path set to its plain value, or taken away where that is `REMOVED`.

    Raises CannotEditError when the outcome would not be exactly that. The text must be valid.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    wanted = tomllib.loads(text)
    try:
        document = tomlkit.parse(text)
        for path, value in changes.items():
            _apply(wanted, path, value)
            _apply(document, path, value if value is REMOVED else _item(value))
        made = document.as_string()
        right = _without_empty(tomllib.loads(made)) == _without_empty(wanted)
    except (TOMLKitError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise CannotEditError(str(error)) from None
    if not right:
        raise CannotEditError("the layout of the file does not allow it")
    return made


def _apply(tables: Any, path: tuple[str, ...], value: Any) -> None:
    *parents, last = path
    for word in parents:
        if word not in tables:
            if value is REMOVED:
                return
            tables[word] = _new_table(tables)
        tables = tables[word]
        if not isinstance(tables, Mapping):
            raise CannotEditError(f"{word} is not a table")
    if value is REMOVED:
        _remove(tables, last)
        return
    if _has_header(tables.get(last)):
        # It cannot become a value in place.
        del tables[last]
    tables[last] = value


def _remove(tables: Any, word: str) -> None:
    """Takes a key away. A table loses its keys; its header goes too, unless comments are left:
    one that stands above the next header counts as a part of this table."""
    found = tables.get(word)
    if _has_header(found):
        for inner in list(found):
            _remove(found, inner)
        if "#" in found.as_string():
            return
    tables.pop(word, None)


def _has_header(value: Any) -> bool:
    """Whether this is a table of several lines, and not a plain or an inline one."""
    from tomlkit.items import Table

    return isinstance(value, Table)


def _without_empty(value: Any) -> Any:
    """The tables without empty ones: they say nothing, and one may appear or vanish."""
    if not isinstance(value, dict):
        return value
    inner = {word: _without_empty(each) for word, each in value.items()}
    return {word: each for word, each in inner.items() if each != {}}


def _new_table(tables: Any) -> Any:
    if type(tables) is dict:
        return {}
    import tomlkit

    return tomlkit.table()


def _item(value: Any) -> Item:
    import tomlkit

    return tomlkit.value(inline(value))
