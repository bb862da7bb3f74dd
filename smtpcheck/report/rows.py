"""Lines of text whose parts carry a role, and how they become a string.

The renderers build rows; only `paint` knows how a role looks. Without colour nothing of rich
is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from smtpcheck.report.escape import cells, escape
from smtpcheck.report.style import Style

if TYPE_CHECKING:
    from collections.abc import Callable

NARROWEST = 24
"""Columns that a hanging text gets, however narrow the terminal is."""
PROSE = 120
"""Columns at which prose is wrapped on a wider terminal: longer lines are hard to read."""


class Role(StrEnum):
    """What a piece of a row is for; the value is its look in the words of rich."""

    PLAIN = ""
    OK = "green"
    WARNED = "yellow"
    FAILED = "red"
    SKIPPED = "dim"
    ERROR = "bold red"
    WARNING = "bold yellow"
    SUCCESS = "bold green"
    TITLE = "bold"
    LABEL = "cyan"
    ASIDE = "dim not bold"
    COMMAND = "bold cyan"


Piece = tuple[str, Role]
Row = tuple[Piece, ...]

BLANK: Row = ()


def row(*parts: str | Piece) -> Row:
    """A row of pieces; a bare string is plain."""
    return tuple((part, Role.PLAIN) if isinstance(part, str) else part for part in parts)


def row_text(line: Sequence[Piece]) -> str:
    """The words of a row, without its roles."""
    return "".join(text for text, _ in line)


def row_cells(line: Row) -> int:
    """How many columns a row takes."""
    return sum(cells(text) for text, _ in line)


def shown(text: str, style: Style, *, limit: int = 400) -> str:
    """Text of others on one line: escaped, runs of blanks made one."""
    return escape(" ".join(text.split()), limit=limit, ascii_only=not style.unicode)


def wrapped(text: str, width: int, *, hard: bool = True) -> list[str]:
    """The text broken at blanks into lines of at most `width` columns; at least one line.

    A longer word is broken where it must be, or, without `hard`, left whole: so a command or an
    address on the web can still be copied.
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if cells(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        line = word
        while hard and cells(line) > width:
            head = _head(line, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line] if line or not lines else lines


def _head(word: str, width: int) -> str:
    taken = width
    while cells(word[:taken]) > width:
        taken -= 1
    return word[: max(1, taken)]


def hanging(
    first: Row,
    text: str,
    style: Style,
    role: Role = Role.PLAIN,
    *,
    hard: bool = True,
    indent: int | None = None,
) -> list[Row]:
    """Rows that start with `first`, then the text; later rows are indented as far, or by `indent`.

    Without `hard` the text is prose: long words stay whole, and lines are not too long to read.
    """
    used = row_cells(first)
    later = used if indent is None else indent
    width = style.width if hard else min(style.width, PROSE)
    if later < used and width - used < NARROWEST:
        return [first, *hanging(row(" " * later), text, style, role, hard=hard)]
    head, *rest = wrapped(text, max(NARROWEST, width - used), hard=hard)
    if rest and later != used:
        rest = wrapped(text[len(head) :].lstrip(" "), max(NARROWEST, width - later), hard=hard)
    margin = " " * later
    return [(*first, (head, role)), *(((margin, Role.PLAIN), (line, role)) for line in rest)]


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns, its missing end shown as dots."""
    return text if cells(text) <= width else _head(text, max(1, width - 3)) + "..."


def paint(rows: Iterable[Row], style: Style) -> str:
    """The rows as one string that ends with a line feed; empty for no rows."""
    look = _colored if style.color else row_text
    return "".join(f"{look(_harmless(line, style))}\n" for line in rows)


def _harmless(line: Row, style: Style) -> Row:
    """The row without blanks at its end, in ASCII where it must be, and never one that the log of
    a build server takes as an order (`::error::` at the start of a line)."""
    pieces = list(line)
    while pieces and not pieces[-1][0].rstrip():
        pieces.pop()
    if pieces:
        pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
    whole = row_text(pieces)
    if whole.lstrip().startswith("::"):
        at = next(n for n, (text, _) in enumerate(pieces) if text.strip())
        pieces[at] = (pieces[at][0].replace(":", "\\x3a", 1), pieces[at][1])
    if not style.unicode and not whole.isascii():
        pieces = [(escape(text, limit=0, ascii_only=True), role) for text, role in pieces]
    return tuple(pieces)


def _colored(line: Row) -> str:
    render = _renderer()
    return "".join(render(text, role) if role else text for text, role in line)


def _renderer() -> Callable[[str, Role], str]:
    from rich.color import ColorSystem
    from rich.style import Style as Look

    def render(text: str, role: Role) -> str:
        return Look.parse(role.value).render(text, color_system=ColorSystem.STANDARD)

    return render


def table(lines: Sequence[Sequence[Piece]], gap: int = 2) -> list[Row]:
    """Rows whose cells stand in columns, as wide as their widest; the last is not padded."""
    widths = [max(cells(text) for text, _ in column) for column in zip(*lines, strict=True)]
    made: list[Row] = []
    for line in lines:
        pieces: list[Piece] = []
        for at, (text, role) in enumerate(line):
            padding = "" if at == len(line) - 1 else " " * (widths[at] - cells(text) + gap)
            pieces += [(text, role), (padding, Role.PLAIN)]
        made.append(tuple(pieces))
    return made
