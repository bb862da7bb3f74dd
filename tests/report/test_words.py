"""Small words and facts."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.report.facts import number_of, tables_of, text_of, texts_of, whole_of
from smtpcheck.report.rows import Role, hanging, paint, row, row_text, table, wrapped
from smtpcheck.report.style import Style
from smtpcheck.report.words import counted, days_left, duration, endpoint, run_time, some_of

PLAIN = Style(40, color=False, unicode=True)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (0.0, "0 ms"),
        (0.04, "0 ms"),
        (0.26, "0.3 ms"),
        (9.94, "9.9 ms"),
        (9.96, "10 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (60_000, "60.0 s"),
        (125_300, "2 min 5 s"),
    ],
)
def test_durations_are_short(milliseconds: float, words: str) -> None:
    assert duration(milliseconds) == words


@pytest.mark.parametrize(
    ("milliseconds", "words"), [(12, "12 ms"), (340, "0.3 s"), (61_000, "61.0 s")]
)
def test_run_times_are_in_seconds(milliseconds: float, words: str) -> None:
    assert run_time(milliseconds) == words


def test_counting() -> None:
    assert [counted(n, "day") for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
    assert counted(3, "address") == "3 addresses"
    assert days_left(1) == "1 day left"
    assert days_left(-3) == "expired 3 days ago"
    assert some_of(["a", "b", "c"], 2) == "a, b, c"
    assert some_of(["a", "b", "c", "d"], 2) == "a, b and 2 more"


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"server.host": "mx.test", "server.port": 25}, "mx.test:25"),
        ({"server.host": "::1", "server.port": 25}, "[::1]:25"),
        ({"server.socket": "/run/lmtp", "server.port": 25}, "/run/lmtp"),
        ({"server.host": "", "server.port": 25}, ""),
        ({}, ""),
    ],
)
def test_endpoint_is_what_was_dialled(settings: dict[str, Any], where: str) -> None:
    assert endpoint(settings) == where


def test_facts_of_another_type_count_as_absent() -> None:
    facts: dict[str, Any] = {
        "text": 1,
        "number": True,
        "whole": 1.5,
        "list": "abc",
        "mixed": ["a", 1, {"k": 1}],
        "reply": {"code": 250},
        "flat.name": "x",
    }
    assert text_of(facts, "text") == ""
    assert number_of(facts, "number") is None
    assert whole_of(facts, "whole") == 0
    assert texts_of(facts, "list") == []
    assert texts_of(facts, "mixed") == ["a"]
    assert tables_of(facts, "mixed") == [{"k": 1}]
    assert whole_of(facts, "reply.code") == 250
    assert text_of(facts, "flat.name") == "x"
    assert text_of(facts, "text.deeper") == ""


def test_long_words_break_only_where_they_may() -> None:
    assert wrapped("one twothree", 5) == ["one", "twoth", "ree"]
    assert wrapped("one twothree four", 5, hard=False) == ["one", "twothree", "four"]
    assert wrapped("", 5) == [""]
    assert wrapped("你好你好", 5) == ["你好", "你好"]


def test_text_hangs_below_itself() -> None:
    rows = hanging(row("  why: "), "a reason that is longer than the row can be", PLAIN)
    assert [row_text(each) for each in rows] == [
        "  why: a reason that is longer than the",
        "       row can be",
    ]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = table(
        [[("a", Role.PLAIN), ("b", Role.PLAIN)], [("你好", Role.PLAIN), ("c", Role.PLAIN)]]
    )
    assert paint(rows, PLAIN) == "a     b\n你好  c\n"


def test_painted_rows_have_no_blanks_at_their_end() -> None:
    assert paint([row("a ", ("  ", Role.OK)), row(), row("::x")], PLAIN) == "a\n\n\\x3a:x\n"
