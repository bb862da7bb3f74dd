"""The change of a file, as it is shown."""

from __future__ import annotations

from smtpcheck.report.diff import render_diff
from smtpcheck.report.style import Style

PLAIN = Style(80, color=False, unicode=True)


def test_a_changed_line_is_shown_with_its_neighbours() -> None:
    text = render_diff("a\nb\nc\n", "a\nB\nc\n", "x.toml", PLAIN)
    assert text.splitlines() == [
        "--- x.toml",
        "+++ x.toml",
        "@@ -1,3 +1,3 @@",
        " a",
        "-b",
        "+B",
        " c",
    ]


def test_no_change_is_no_text() -> None:
    assert render_diff("a\n", "a\n", "x.toml", PLAIN) == ""


def test_colour_is_for_terminals() -> None:
    text = render_diff("b\n", "B\n", "x.toml", Style(80, color=True, unicode=True))
    assert "\x1b[32m+B" in text
    assert "\x1b[31m-b" in text


def test_nothing_in_the_file_acts_on_the_terminal() -> None:
    text = render_diff("a\n", "a \x1b[2J\u202e\n", "x\x07.toml", PLAIN)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x07" not in text
