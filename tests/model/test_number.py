"""Numbers of others."""

from __future__ import annotations

import math

import pytest

from smtpcheck.model.number import number_in


@pytest.mark.parametrize(
    ("value", "found"),
    [(0, 0.0), (5, 5.0), (2.5, 2.5), (10, 10.0), (11, None), (-1, None), (10**400, None)],
)
def test_a_number_counts_within_its_bounds(value: float, found: float | None) -> None:
    assert number_in(value, 0, 10) == found


@pytest.mark.parametrize("value", [True, "5", None, [5], math.nan, math.inf])
def test_what_is_no_number_is_none(value: object) -> None:
    assert number_in(value, 0, 10) is None
