"""A line of evidence with carets below the words that decided, whatever the line is: long, wide,
hostile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtpcheck.model.value import dataclass
from smtpcheck.report.escape import cells, pieces
from smtpcheck.report.rows import NARROWEST, Role, Row, row
from smtpcheck.report.style import Style

_WHOLE = 480
"""Characters of a line that is shown whole."""
_HEAD = 160
_AROUND = 32
_LONGEST_SPAN = 160
_SPANS = 4


@dataclass(frozen=True, slots=True)
class _Glyph:
    """What is shown for one character of the line."""

    text: str
    width: int
    marked: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """What stands in the margin of a quoted line, and what is quoted."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()
    number: int = 0
    """Of the transcript event; 0: none is shown."""
    who: str = ""


def quote_rows(quote: Quote, style: Style, role: Role, gutter: int = 3) -> list[Row]:
    """The line as ` 16 | S 535 ...` with a row of carets below each row that holds marked words.

    `gutter` is the width of the number. A line that is too long is shown in part: its head and
    what is around the marked words.
    """
    number = f"{quote.number:>{gutter}}" if quote.number else " " * gutter
    who = f"{quote.who} " if quote.who else ""
    bare = " " * gutter
    margin = " " * len(who)
    width = max(NARROWEST, style.width - gutter - 3 - len(who))
    made: list[Row] = []
    for glyphs in _broken(_glyphs(quote, style), width):
        head = row((f"{number} | ", Role.ASIDE), (who, Role.ASIDE))
        made.append((*head, *_runs(glyphs, role)))
        number, who = bare, margin
        carets = "".join(("^" if each.marked else " ") * each.width for each in glyphs).rstrip()
        if carets:
            made.append(row((f"{bare} | ", Role.ASIDE), margin, (carets, role)))
    return made


def marked_runs(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The line, escaped and cut as `quote_rows` does it, in pieces: what is shown, and whether it
    is among the words that decided."""
    glyphs = _glyphs(Quote(text, tuple(spans)), Style(0, color=False, unicode=True))
    return [(shown, role is Role.FAILED) for shown, role in _runs(glyphs, Role.FAILED)]


def gutter_for(numbers: Sequence[int]) -> int:
    """The width of the widest number, at least 3."""
    return max(3, *(len(str(number)) for number in numbers)) if numbers else 3


def _runs(glyphs: Sequence[_Glyph], role: Role) -> Iterator[tuple[str, Role]]:
    start = 0
    for at in range(1, len(glyphs) + 1):
        if at == len(glyphs) or glyphs[at].marked != glyphs[start].marked:
            text = "".join(each.text for each in glyphs[start:at])
            yield text, role if glyphs[start].marked else Role.PLAIN
            start = at


def _glyphs(quote: Quote, style: Style) -> list[_Glyph]:
    text = quote.text
    spans = [
        (max(0, start), min(len(text), end)) for start, end in quote.spans if start < len(text)
    ]
    made: list[_Glyph] = []
    reached = 0
    for start, end in _kept(len(text), spans):
        if start > reached:
            made += [_Glyph(char, 1, marked=False) for char in " ... "]
        for at, piece in enumerate(pieces(text[start:end], ascii_only=not style.unicode), start):
            marked = any(first <= at < last for first, last in spans)
            made.append(_Glyph(piece, cells(piece), marked))
        reached = end
    if reached < len(text):
        made += [_Glyph(char, 1, marked=False) for char in f" ... ({len(text) - reached} more)"]
    return made


def _kept(length: int, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which parts of a line of that length are shown, in order, without overlap."""
    if length <= _WHOLE:
        return [(0, length)]
    wanted = [(0, _HEAD)]
    for start, end in sorted(spans)[:_SPANS]:
        wanted.append((max(0, start - _AROUND), min(end, start + _LONGEST_SPAN) + _AROUND))
    kept: list[tuple[int, int]] = []
    for start, end in wanted:
        if kept and start <= kept[-1][1] + 5:
            kept[-1] = (kept[-1][0], max(kept[-1][1], min(end, length)))
        else:
            kept.append((start, min(end, length)))
    return kept


def _broken(glyphs: Sequence[_Glyph], width: int) -> Iterator[Sequence[_Glyph]]:
    """The glyphs in rows of at most `width` columns, broken at a blank where one is near."""
    start = 0
    while True:
        end, used = start, 0
        while end < len(glyphs) and (used + glyphs[end].width <= width or end == start):
            used += glyphs[end].width
            end += 1
        if end == len(glyphs):
            yield glyphs[start:]
            return
        blank = next(
            (at for at in range(end, start + (end - start) // 2, -1) if glyphs[at].text == " "), 0
        )
        cut_at = blank or end
        yield glyphs[start:cut_at]
        start = cut_at + 1 if blank else end
