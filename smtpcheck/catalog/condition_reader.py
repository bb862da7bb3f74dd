"""Reads the conditions of a rule from the values that TOML gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from smtpcheck.catalog.condition import (
    COMPARISONS,
    Absent,
    Compares,
    Condition,
    Equals,
    Has,
    HasAny,
    Matches,
    Not,
    OneOf,
)
from smtpcheck.catalog.pattern import fault_of
from smtpcheck.model.jsonvalue import Json

Complain = Callable[[str], None]
OPERATORS: Final = ("in", "has", "any", *COMPARISONS, "not", "absent", "re")


def read_conditions(value: Json, complain: Complain) -> tuple[Condition, ...]:
    """The conditions that a value of `when` asks for; complains of each thing that is wrong."""
    if not isinstance(value, Mapping):
        return (Equals(value),)
    if not value:
        complain("an empty table asks for nothing")
    made = (_condition(operator, operand, complain) for operator, operand in value.items())
    return tuple(condition for condition in made if condition is not None)


def _condition(operator: str, operand: Json, complain: Complain) -> Condition | None:
    made: Condition | None = None
    if operator in ("in", "has", "any"):
        made = _of_members(operator, operand)
    elif operator in COMPARISONS:
        if isinstance(operand, (int, float)) and not isinstance(operand, bool):
            made = Compares(operator, operand)
    elif operator == "not":
        inner = read_conditions(operand, complain)
        return Not(inner) if inner else None
    elif operator == "absent":
        made = Absent(operand) if isinstance(operand, bool) else None
    elif operator == "re":
        fault = fault_of(operand) if isinstance(operand, str) else "is no text"
        if fault:
            complain(f"pattern {operand!r} {fault}")
            return None
        made = Matches(str(operand))
    else:
        complain(
            f"unknown operator {operator!r}; allowed: {', '.join(OPERATORS)} "
            "(the name of a fact with a dot is written in quotes)"
        )
        return None
    if made is None:
        complain(f"{operator} wants {_WANTED[operator]}, not {operand!r}")
    return made


_WANTED: Final = {
    "in": "a list of values",
    "has": "a text or a list of texts",
    "any": "a list of texts",
    **dict.fromkeys(COMPARISONS, "a number"),
    "absent": "true or false",
}


def _of_members(operator: str, operand: Json) -> Condition | None:
    if operator == "has" and isinstance(operand, (str, int, float)):
        operand = (operand,)
    if not isinstance(operand, (list, tuple)) or not operand:
        return None
    if any(isinstance(member, (Mapping, list)) for member in operand):
        return None
    if operator == "in":
        return OneOf(tuple(operand))
    if any(isinstance(member, str) and not member.strip() for member in operand):
        return None
    return Has(tuple(operand)) if operator == "has" else HasAny(tuple(operand))
