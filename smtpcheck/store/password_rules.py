"""Reads `preset.password_rules`: which passwords a provider takes, since when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from smtpcheck.model.errors import Problem
from smtpcheck.model.preset import PASSWORD_STATES
from smtpcheck.store.layers import Layer

_KEYS = {"from", "password", "note"}
_ALLOWED = '{ from = "2024-09-16", password = "refused", note = "..." }, the oldest first'


def password_rules(value: Any, layer: Layer) -> tuple[dict[str, str], ...]:
    """The tables of the array, in the order of their dates; problems go to the layer."""
    tables = value if isinstance(value, list) else [value]
    dates = [_date(each) for each in tables]
    for index, (table, date) in enumerate(zip(tables, dates, strict=True)):
        before = dates[index - 1] if index else ""
        if date is None or table["password"] not in PASSWORD_STATES or date < (before or ""):
            line = layer.lines.get(("preset", "password_rules", index), 0)
            message = f"preset.password_rules has a wrong element {index + 1}"
            layer.problems.append(
                Problem(layer.file, line, "preset.password_rules", "", _ALLOWED, message)
            )
    return tuple(each for each in tables if isinstance(each, dict))


def _date(table: Any) -> str | None:
    """Since when it holds; None where the element is no such table."""
    if not isinstance(table, dict) or set(table) != _KEYS:
        return None
    if not all(isinstance(each, str) for each in table.values()) or not table["note"]:
        return None
    try:
        return table["from"] and dt.date.fromisoformat(table["from"]).isoformat()
    except ValueError:
        return None
