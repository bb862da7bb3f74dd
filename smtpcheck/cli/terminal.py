"""What can be known of a stream: whether a person reads it, how wide, in which characters."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from smtpcheck.report.style import Style

WIDTH = 80
"""Columns where nobody says how many there are."""
_WIDEST = 1000
_PLATFORM: str = sys.platform
_MARKS = "✓✗·"


def style_for(stream: TextIO, environment: Mapping[str, str] | None = None) -> Style:
    """How text on this stream should look.

    Colour is for terminals; `NO_COLOR` forbids it, else `FORCE_COLOR` or `CLICOLOR_FORCE` wants it
    everywhere. `COLUMNS` says the width, else the terminal, else it is 80. Characters outside
    ASCII are used where the stream's encoding has them.
    """
    env = os.environ if environment is None else environment
    return Style(_width(stream, env), _wants_color(stream, env), _has_marks(stream))


def is_terminal(stream: TextIO) -> bool:
    """Whether a person sits at the other end; False for a closed stream."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def has_desktop(environment: Mapping[str, str] | None = None) -> bool:
    """Whether a browser can open beside the terminal; one inside it would take the terminal."""
    env = os.environ if environment is None else environment
    if _PLATFORM in ("win32", "darwin"):
        return True
    return bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def can_redraw(stream: TextIO, environment: Mapping[str, str] | None = None) -> bool:
    """Whether a line on this stream can be written over."""
    env = os.environ if environment is None else environment
    return is_terminal(stream) and env.get("TERM", "") != "dumb"


def _wants_color(stream: TextIO, env: Mapping[str, str]) -> bool:
    if env.get("NO_COLOR"):
        return False
    if any(env.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return can_redraw(stream, env) and _knows_escapes(env)


def _knows_escapes(env: Mapping[str, str]) -> bool:
    """The old console of Windows shows colour codes as they are; these names are the signs of a
    newer terminal."""
    if _PLATFORM != "win32":
        return True
    return any(env.get(name) for name in ("WT_SESSION", "ANSICON", "TERM", "TERM_PROGRAM"))


def _width(stream: TextIO, env: Mapping[str, str]) -> int:
    said = env.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said) > 0:
        return min(int(said), _WIDEST)
    if not is_terminal(stream):
        return WIDTH
    try:
        return os.get_terminal_size(stream.fileno()).columns or WIDTH
    except (OSError, ValueError):
        return WIDTH


def _has_marks(stream: TextIO) -> bool:
    try:
        _MARKS.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
