"""Nested tables of facts as one flat table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from smtpcheck.model.jsonvalue import Json

_MEMBERS: Final = 10
"""Members of a list of tables that get names of their own."""


def flat(table: Mapping[str, Json], prefix: str = "") -> dict[str, Json]:
    """The table with dotted names: `{"reply": {"code": 535}}` gives `reply.code`.

    A list stays a fact; of a list of tables the first ten members are there besides, by
    position: `chain.0.subject`. What is None is absent.
    """
    return dict(_leaves(table, prefix))


def _leaves(table: Mapping[str, Json], prefix: str) -> Iterator[tuple[str, Json]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, (str, int, float)):  # nearly all are: the others take long to tell
            yield name, value
        elif isinstance(value, Mapping):
            yield from _leaves(value, f"{name}.")
        elif value is not None:
            yield name, value
            if isinstance(value, (list, tuple)):
                for position, member in enumerate(value[:_MEMBERS]):
                    if isinstance(member, Mapping):
                        yield from _leaves(member, f"{name}.{position}.")
