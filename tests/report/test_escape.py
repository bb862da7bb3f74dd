"""Hostile text made harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.report.escape import cells, escape, is_hidden, pieces, shell_quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("250 ok", "250 ok"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb\tc\x00\x7f", "a\\x0d\\x0ab\\x09c\\x00\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj.exe", "\\u{202e}gpj.exe"),
        ("\u2066a\u2069\u200e\u200f\u061c", "\\u{2066}a\\u{2069}\\u{200e}\\u{200f}\\u{61c}"),
        ("a\u2028b\u2029c", "a\\u{2028}b\\u{2029}c"),
        ("z\u200be\u200dr\ufeffo\u2060", "z\\u{200b}e\\u{200d}r\\u{feff}o\\u{2060}"),
        ("\ud800", "\\u{d800}"),
        ("pass\xa0word\xad", "pass\\u{a0}word\\u{ad}"),
        ("\u3164\ufe0f", "\\u{3164}\\u{fe0f}"),
        ("Ungültig 你好 שלום", "Ungültig 你好 שלום"),
        ("##vso[task.complete] ##[error] ## 1", "#\\x23vso[task.complete] #\\x23[error] ## 1"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_what_cannot_be_seen_becomes_visible(text: str, shown: str) -> None:
    assert escape(text).replace("\\x23#", "#\\x23") == shown.replace("\\x23#", "#\\x23")


def test_marks_that_pile_up_are_cut_down() -> None:
    assert escape("e\u0301") == "e\u0301"
    assert escape("e" + "\u0301" * 4) == "e\u0301\u0301\\u{301}\\u{301}"
    assert escape("\u0301e") == "\\u{301}e"


def test_long_text_says_how_much_is_missing() -> None:
    assert escape("a" * 30, limit=10) == "a" * 10 + "... (20 more)"
    assert escape("a" * 30, limit=0) == "a" * 30
    assert len(escape("a" * 1_000_000)) < 3_000


def test_ascii_alone_where_asked() -> None:
    assert escape("Ünï", ascii_only=True) == "\\u{dc}n\\u{ef}"


@given(st.text(alphabet=st.characters()))
def test_nothing_hidden_is_left(text: str) -> None:
    for ascii_only in (False, True):
        shown = escape(text, limit=0, ascii_only=ascii_only)
        assert not any(is_hidden(char) for char in shown)
        assert "".join(pieces(text, ascii_only=ascii_only)) == shown
        assert len(pieces(text)) == len(text)
        shown.encode()
        if ascii_only:
            assert shown.isascii()


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("你好", 4), ("e\u0301", 1), ("", 0)])
def test_columns_of_wide_and_narrow_characters(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("office365", "office365"),
        ("smtp.example.com:587", "smtp.example.com:587"),
        ("submissions://user@host:465", "submissions://user@host:465"),
        ("[::1]:587", "'[::1]:587'"),
        ("it's", "'it'\"'\"'s'"),
        ("", "''"),
    ],
)
def test_words_are_safe_in_a_shell(word: str, quoted: str) -> None:
    assert shell_quoted(word) == quoted
