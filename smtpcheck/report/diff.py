"""The change of a file as a unified diff, coloured on a terminal."""

from __future__ import annotations

from smtpcheck.report.escape import escape
from smtpcheck.report.rows import Role, Row, paint, row
from smtpcheck.report.style import Style

_ROLES = {"+": Role.OK, "-": Role.FAILED, "@": Role.LABEL}


def render_diff(old: str, new: str, name: str, style: Style) -> str:
    """The lines that differ, three lines around them; empty where nothing does. `name` is that of
    the file. Control characters are escaped, lines are not wrapped."""
    from difflib import unified_diff

    lines = unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="")
    return paint((_row(line, style) for line in lines), style)


def _row(line: str, style: Style) -> Row:
    shown = escape(line.rstrip("\n"), limit=0, ascii_only=not style.unicode)
    if line.startswith(("+++ ", "--- ")):
        return row((shown, Role.TITLE))
    return row((shown, _ROLES.get(line[:1], Role.PLAIN)))
