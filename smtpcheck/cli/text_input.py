"""Reads what was pasted: a file or standard input, piece by piece where it is long."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from smtpcheck.model.errors import UsageError
from smtpcheck.model.value import dataclass

PIECE = 1 << 20
_SECRET = re.compile(r"(?is)(?:\A|://)[^/:]*:(?!//).+@|pass\w*\s*[=:]")
"""A URL with a password, or a setting that is one, where the name of a file is expected."""
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True, slots=True)
class Source:
    """A text that is read piece by piece."""

    head: bytes
    """The first piece."""
    rest: BinaryIO
    size: int
    """In bytes; 0 where it is not known."""

    def pieces(self) -> Iterator[bytes]:
        """The whole text, from its start."""
        piece = self.head
        while piece:
            yield piece
            piece = self.rest.read(PIECE)


@contextmanager
def opened(name: str) -> Iterator[Source]:
    """A file, or standard input for `-`. Raises UsageError for what cannot be read."""
    if name == "-":
        stream = sys.stdin.buffer
        yield Source(stream.read(PIECE), stream, 0)
        return
    path = Path(name)
    try:
        with path.open("rb") as file:
            yield Source(file.read(PIECE), file, path.stat().st_size)
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError) -> UsageError:
    """What to say of a name that is no file; not the name itself where it holds a password."""
    ways = (
        "put it into a file that only you can read, and name that file",
        "or paste it on standard input, then Ctrl-D: give - as the file",
    )
    if _SECRET.search(name):
        safe = "a password on a command line is seen by everybody on this machine"
        return UsageError(f"{safe}, and this is no file", ways)
    if "://" in name:
        return UsageError(f"{name} is a URL, and no file", ways)
    return UsageError(f"cannot read {name}: {error.strerror}")


def decoded(raw: bytes) -> str:
    """Text of any program: UTF-16 and UTF-8 by their marks, else UTF-8, else Windows-1252."""
    for mark, charset in _MARKS.items():
        if raw.startswith(mark):
            return raw.decode(charset, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # A piece may end within a character; anything else is another charset.
        charset = "utf-8" if error.start >= len(raw) - 3 else "cp1252"
        return raw.decode(charset, "replace")


def names_a_file(words: list[str]) -> bool:
    """Whether the one word given is an existing file."""
    if len(words) != 1 or len(words[0]) > 1000 or "\n" in words[0]:
        return False
    try:
        return Path(words[0]).is_file()
    except (OSError, ValueError):
        return False
