"""Tables of plain text: aligned columns that fit a terminal, and are whole in a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from smtpcheck.report.escape import cells, escape

_GAP = 2
_NARROWEST = 8


def width() -> int | None:
    """Columns of the terminal that stdout is; None for a pipe or a file, which has no edge."""
    return max(40, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    edge: int | None,
    cut: Sequence[int] = (),
) -> list[str]:
    """The lines of a table. Where it is wider than `edge`, columns are cut: first those of `cut`,
    the last of them first, then the widest of all."""
    shown = [list(heads), *([escape(cell, limit=0) for cell in row] for row in rows)]
    widths = [max(cells(row[column]) for row in shown) for column in range(len(heads))]
    if edge is not None:
        widths = _fitted(widths, edge - _GAP * (len(heads) - 1), cut)
    return [_line(row, widths) for row in shown]


def wrapped(text: str, indent: str, edge: int | None, first: str | None = None) -> list[str]:
    """The words of a text in lines that fit, each behind the indent. The first line is behind
    `first` instead where that is given."""
    import textwrap

    begin = indent if first is None else first
    if edge is None:
        return [begin + text]
    return textwrap.wrap(
        text,
        edge,
        initial_indent=begin,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [begin.rstrip()]


def _fitted(widths: list[int], room: int, cut: Sequence[int]) -> list[int]:
    fitted = list(widths)
    for column in reversed(cut):
        spare = max(0, sum(fitted) - room)
        fitted[column] = max(min(fitted[column], _NARROWEST), fitted[column] - spare)
    while sum(fitted) > room and max(fitted) > _NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for cell, size in zip(row, widths, strict=True):
        text = cell if cells(cell) <= size else _cut(cell, size)
        parts.append(text + " " * (size - cells(text)))
    return (" " * _GAP).join(parts).rstrip()


def _cut(cell: str, size: int) -> str:
    kept = cell
    while cells(kept) > size - 3:
        kept = kept[:-1]
    return kept + "..."
