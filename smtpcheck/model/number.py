"""Numbers that others wrote: what is none, or no sane one, is told apart."""

from __future__ import annotations


def number_in(value: object, low: float, high: float) -> float | None:
    """The value where it is a number of JSON from `low` to `high`, else None; true is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if low <= value <= high else None
