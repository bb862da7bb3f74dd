"""`smtpcheck --help` without the library that all other help comes from.

Importing that library takes longer than a person expects of a word of help. The page is the one
that it would print, held by a test; where it would have to wrap lines, it is asked itself.
"""

from __future__ import annotations

import os

from smtpcheck.cli.commands import COMMANDS, SUMMARY, VERSION_HELP

_WIDTH = 78
_OPTIONS = {"--version": VERSION_HELP, "-h, --help": "Show this message and exit."}


def front_page() -> str | None:
    """The page; None where the terminal is too narrow for it as it is."""
    helps = {name: help_ for name, (_, help_) in COMMANDS.items()}
    lines = ["Usage: smtpcheck [OPTIONS] COMMAND [ARGS]...", "", f"  {SUMMARY}", ""]
    lines += ["Options:", *_columns(_OPTIONS), "", "Commands:", *_columns(helps)]
    if _columns_here() < _WIDTH + 2 or max(map(len, lines)) > _WIDTH:
        return None
    return "\n".join(lines) + "\n"


def _columns(rows: dict[str, str]) -> list[str]:
    wide = max(map(len, rows))
    return [f"  {name:{wide}}  {words}" for name, words in rows.items()]


def _columns_here() -> int:
    """As `shutil.get_terminal_size` finds it; 80 where there is no terminal."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80
