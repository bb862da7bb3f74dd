"""Tables fit a terminal and are whole in a pipe."""

from __future__ import annotations

import pytest

from smtpcheck.cli.columns import table, wrapped
from smtpcheck.report.escape import cells

HEADS = ("NAME", "SERVER", "SENDER")
ROWS = [
    ("office", "smtp.office365.com:587", "notifications-of-the-night@long.example.com"),
    ("日本", "h:25", ""),
]


@pytest.mark.parametrize("edge", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(edge: int) -> None:
    assert all(cells(line) <= edge for line in table(HEADS, ROWS, edge))


def test_columns_that_may_be_cut_are_cut_first() -> None:
    for line in table(HEADS, ROWS, 60, cut=(2,))[1:]:
        assert "office" not in line or line.startswith("office  smtp.office365.com:587  noti")


def test_a_pipe_gets_everything() -> None:
    assert "notifications-of-the-night@long.example.com" in table(HEADS, ROWS, None)[1]


def test_columns_stand_below_each_other() -> None:
    lines = table(HEADS, ROWS, None)
    assert lines[0].index("SERVER") == lines[1].index("smtp.office365.com")
    assert cells(lines[2][: lines[2].index("h:25")]) == lines[0].index("SERVER")


def test_control_characters_are_shown() -> None:
    assert "\x1b" not in "".join(table(HEADS, [("a\x1b[31m", "", "")], None))


def test_text_is_wrapped_behind_its_label() -> None:
    lines = wrapped("one two three four five six", "      ", 20, first="  a:  ")
    assert lines[0].startswith("  a:  one")
    assert all(len(line) <= 20 for line in lines)
