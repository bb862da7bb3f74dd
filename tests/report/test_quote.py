"""Carets stand below the words they mean, whatever the line is."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.report.escape import cells, pieces
from smtpcheck.report.quote import Quote, quote_rows
from smtpcheck.report.rows import Role, row_text
from smtpcheck.report.style import Style

WIDE = Style(100, color=False, unicode=True)


def lines(quote: Quote, style: Style = WIDE) -> list[str]:
    return [row_text(each) for each in quote_rows(quote, style, Role.FAILED)]


def marked(rows: list[str]) -> str:
    """The characters above carets."""
    found = ""
    for above, below in pairwise(rows):
        if "^" not in below:
            continue
        column = 0
        for char in above:
            width = cells(char)
            if width and below[column : column + 1] == "^":
                found += char
            column += width
    return found


def test_carets_stand_below_the_words() -> None:
    quote = Quote("535 5.7.8 no such user", ((0, 9), (18, 22)), 16, "S")
    assert lines(quote) == [
        " 16 | S 535 5.7.8 no such user",
        "    |   ^^^^^^^^^         ^^^^",
    ]


def test_escapes_and_wide_characters_keep_carets_right() -> None:
    text = "\x1b你好 word"
    assert lines(Quote(text, ((3, 4), (4, 8)), 1, "S")) == [
        "  1 | S \\x1b你好 word",
        "    |           ^^^^^",
    ]
    assert lines(Quote(text, ((0, 2),), 1, "S"))[1] == "    |   ^^^^^^"


def test_evidence_without_an_event_has_no_number() -> None:
    assert lines(Quote("a fact", ((2, 6),))) == ["    | a fact", "    |   ^^^^"]


def test_long_line_keeps_the_words_that_decided() -> None:
    text = "554 " + "spam " * 20_000 + "blocked here " + "more " * 9_000
    start = text.index("blocked")
    rows = lines(Quote(text, ((0, 3), (start, start + 7)), 9, "S"))
    assert len(rows) < 12
    assert marked(rows) == "554blocked"
    assert "more)" in rows[-2]


def test_line_breaks_at_a_blank() -> None:
    rows = lines(
        Quote("one two three four five six seven", ((8, 13),), 2, "S"),
        Style(32, color=False, unicode=True),
    )
    assert rows == [
        "  2 | S one two three four five",
        "    |           ^^^^^",
        "    |   six seven",
    ]


def test_spans_outside_the_text_mark_nothing() -> None:
    assert lines(Quote("short", ((9, 12), (5, 5), (3, 1)), 2, "S")) == ["  2 | S short"]


@given(
    st.text(alphabet=st.characters(exclude_categories=["Mn", "Me"]), max_size=700),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 700)), max_size=3),
    st.integers(20, 130),
)
def test_rows_fit_and_mark_what_was_meant(
    text: str, spans: list[tuple[int, int]], width: int
) -> None:
    text = text.replace("^", "v")  # a row of the text must not look like a row of marks
    rows = lines(Quote(text, tuple(spans), 3, "S"), Style(width, color=False, unicode=True))
    room = max(width, 24 + 8) + 8  # one escape may be wider than the narrowest terminal
    assert all(cells(each) <= room for each in rows)
    if len(text) <= 400:
        shown = pieces(text)
        wanted = "".join(
            piece
            for at, piece in enumerate(shown)
            if any(start <= at < end for start, end in spans)
        )
        assert marked(rows).replace(" ", "") == wanted.replace(" ", "")
