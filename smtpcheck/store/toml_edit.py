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
        right = tomllib.loads(made) == wanted
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, ValueError, KeyError) as error:
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
    if value is REMOVED:
        tables.pop(last, None)
        return
    if last in tables and hasattr(tables[last], "keys"):
        # A table with a header of its own cannot become a value in place.
        del tables[last]
    tables[last] = value


def _new_table(tables: Any) -> Any:
    if type(tables) is dict:
        return {}
    import tomlkit

    return tomlkit.table()


def _item(value: Any) -> Item:
    import tomlkit

    return tomlkit.value(inline(value))
