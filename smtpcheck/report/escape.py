"""Hostile text made harmless: what cannot be seen, or would act on a terminal or in the log of a
build server, becomes visible.

A control character is shown as `\\xNN`, any other hidden character as `\\u{NNNN}`. Everything
that came from a server, a file or a user goes through here before it is shown.
"""

from __future__ import annotations

import re
import unicodedata

LIMIT = 2000
"""Characters of one text that are shown unless the caller says otherwise."""

# Format characters (bidi controls and zero-width ones), surrogates, private and unassigned code
# points, line and paragraph separators, and blanks that look like the usual one.
_HIDDEN = frozenset(("Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
# Letters and marks that show nothing, whatever their category says.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS = frozenset(("Mn", "Me"))
_MARKS_IN_A_ROW = 2
# Build servers take orders from a log: `##vso[...]`, `##teamcity[...]`, `##[...]`.
_LOG_ORDER = re.compile(r"#(?=#[A-Za-z]*\[)")

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")


def escape(text: str, *, limit: int = LIMIT, ascii_only: bool = False) -> str:
    """The text with everything hidden made visible, on one line.

    Of a text longer than `limit` characters the head is shown, and how much is missing; 0 shows
    all. With `ascii_only` every character outside ASCII is written as an escape.
    """
    if limit and len(text) > limit:
        return (
            f"{escape(text[:limit], limit=0, ascii_only=ascii_only)}... ({len(text) - limit} more)"
        )
    if text.isascii() and text.isprintable() and "##" not in text:
        return text
    return "".join(pieces(text, ascii_only=ascii_only))


def pieces(text: str, *, ascii_only: bool = False) -> list[str]:
    """What is shown for each character of the text, one string for each."""
    orders = {found.start() for found in _LOG_ORDER.finditer(text)}
    shown: list[str] = []
    marks = _MARKS_IN_A_ROW  # a mark with nothing before it would sit on a character of ours
    for at, char in enumerate(text):
        if " " <= char <= "~":
            shown.append("\\x23" if at in orders else char)
            marks = 0
            continue
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS else 0
        if category == "Cc":
            shown.append(f"\\x{ord(char):02x}")
        elif ascii_only or _is_hidden(char, category) or marks > _MARKS_IN_A_ROW:
            shown.append(f"\\u{{{ord(char):x}}}")
        else:
            shown.append(char)
    return shown


def is_hidden(char: str) -> bool:
    """Whether a reader could not see the character, or it would act on the terminal."""
    category = unicodedata.category(char)
    return category == "Cc" or _is_hidden(char, category)


def _is_hidden(char: str, category: str) -> bool:
    is_selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return (category in _HIDDEN and char != " ") or char in _FILLERS or is_selector


def cells(text: str) -> int:
    """How many columns of a terminal an escaped text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(char) for char in text)


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shell_quoted(word: str) -> str:
    """The word as a POSIX shell takes it; unchanged where no shell would touch it."""
    if re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", word):
        return word
    import shlex

    return shlex.quote(word)


def markdown(text: str) -> str:
    """The text as Markdown shows it unchanged; it may still hold what is hidden."""
    return _MARKDOWN.sub(r"\\\1", text)
