"""Which regular expressions a rule may use."""

from __future__ import annotations

import re
import time

import pytest

from smtpcheck.catalog.pattern import fault_of


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bAADSTS\d{4,6}\b",
        r"\A[a-z0-9_-]{1,63}\Z",
        r"^5\.7\.(?:57|139)$",
        r"\b(?:local|lan)\Z",
        r"\bx.{0,80}y.{0,80}z",
        r"\b[0-9]{1,3}\.[0-9]{1,3}\b",
        r"\A[]+*]x",
        r"\A\{\*\+",
    ],
)
def test_an_anchored_and_bounded_pattern_is_allowed(pattern: str) -> None:
    assert fault_of(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("abc", "must begin"),
        (r"\bx+", "upper bound"),
        (r"\bx*y", "upper bound"),
        (r"\bx{3,}", "upper bound"),
        (r"\bx{0,201}", "more than 200"),
        (r"\b(?:a{1,9}b){2,5}", "repeats a group"),
        (r"\b(a{1,9}b){5}", "repeats a group"),
        (r"\b(?:(?:a{1,9})b){2}", "repeats a group"),
        (r"\ba.{0,200}b.{0,200}c", "tries"),
        (r"\ba|b", "alternatives outside a group"),
        (r"\b(", "no regular expression"),
    ],
)
def test_a_pattern_that_may_run_away_is_refused(pattern: str, fault: str) -> None:
    assert fault in fault_of(pattern)


def test_the_costliest_allowed_pattern_is_done_in_a_moment() -> None:
    pattern = r"\b.{0,100}a.{0,100}b"
    assert fault_of(pattern) == ""
    begun = time.perf_counter()
    re.search(pattern, "a " * 1000)
    assert time.perf_counter() - begun < 1.0
