"""What is found out about a stream."""

from __future__ import annotations

import io
import os
import pty
from collections.abc import Mapping

import pytest

from smtpcheck.cli.terminal import can_redraw, style_for
from smtpcheck.report.style import Style


class Stream(io.TextIOWrapper):
    """A stream that may claim to be a terminal."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def fileno(self) -> int:
        raise OSError("no file behind it")


@pytest.mark.parametrize(
    ("terminal", "env", "color"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "0"}, False),
        (False, {"FORCE_COLOR": ""}, False),
        (False, {"CLICOLOR_FORCE": "1"}, True),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_those_who_want_it(
    terminal: bool, env: Mapping[str, str], color: bool
) -> None:
    assert style_for(Stream(terminal=terminal), env).color is color


@pytest.mark.parametrize(
    ("env", "width"),
    [
        ({}, 80),
        ({"COLUMNS": "132"}, 132),
        ({"COLUMNS": "0"}, 80),
        ({"COLUMNS": "-5"}, 80),
        ({"COLUMNS": "wide"}, 80),
        ({"COLUMNS": "²"}, 80),
        ({"COLUMNS": "9999999"}, 1000),
    ],
)
def test_columns_say_the_width(env: Mapping[str, str], width: int) -> None:
    assert style_for(Stream(terminal=True), env).width == width
    assert style_for(Stream(terminal=False), env).width == width


@pytest.mark.parametrize(
    ("encoding", "unicode"),
    [("utf-8", True), ("ascii", False), ("latin-1", False), ("cp437", False)],
)
def test_marks_need_an_encoding_that_has_them(encoding: str, unicode: bool) -> None:
    assert style_for(Stream(terminal=True, encoding=encoding), {}).unicode is unicode


def test_real_terminal_says_its_width() -> None:
    import fcntl
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 97, 0, 0))
    with os.fdopen(leader, "rb"), os.fdopen(follower, "w", encoding="utf-8") as stream:
        assert style_for(stream, {"TERM": "xterm"}) == Style(97, color=True, unicode=True)
        assert can_redraw(stream, {"TERM": "xterm"})
        assert not can_redraw(stream, {"TERM": "dumb"})


def test_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert style_for(stream, {}) == Style(80, color=False, unicode=False)
