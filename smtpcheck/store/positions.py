"""The line on which each key of a TOML text stands, for messages.

`tomllib` gives values without positions. This walks the same text once more and keeps nothing but
the lines; the text has already been accepted by `tomllib`, so it is read trustingly.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from contextlib import suppress

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
# Up to two quotation marks may stand directly before the closing three.
_LONG_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL)
_STRING = re.compile(
    "|".join(each.pattern for each in (_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL)), re.DOTALL
)
_BLANK = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]+")


def positions(text: str) -> dict[KeyPath, int]:
    """The 1-based line of the first mention of every table and key, and of every array element.

    A path is made of keys, and of indexes where an array stands between them:
    `("auth", "password")`, `("test", "to", 0)`. The text must be valid TOML; of other text the
    lines up to the first fault are returned.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    with suppress(_FaultError, RecursionError, tomllib.TOMLDecodeError):
        scanner.document()
    return scanner.lines


class _FaultError(Exception):
    """The text is not valid TOML here."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.breaks = [found.start() for found in re.finditer("\n", text)]
        self.elements: dict[KeyPath, int] = {}
        """How many tables each array of tables has so far."""

    def document(self) -> None:
        table: KeyPath = ()
        self.skip(_BETWEEN)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.assignment(table)
            self.skip(_BETWEEN)

    def header(self) -> KeyPath:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        keys = self.key()
        self.expect("]]" if many else "]")
        *parents, last = keys
        path = (*self.resolved(tuple(parents), start), last)
        if many:
            index = self.elements.get(path, 0)
            self.elements[path] = index + 1
            self.mark(path, start)
            path = (*path, index)
        elif path in self.elements:
            raise _FaultError
        self.mark(path, start)
        return path

    def resolved(self, keys: tuple[str, ...], start: int) -> KeyPath:
        """The path of a header's parents: an array of tables stands for its last table."""
        path: KeyPath = ()
        for each in keys:
            path = (*path, each)
            self.mark(path, start)
            if path in self.elements:
                path = (*path, self.elements[path] - 1)
        return path

    def assignment(self, table: KeyPath) -> None:
        start = self.at
        path = table
        for each in self.key():
            path = (*path, each)
            self.mark(path, start)
        self.expect("=")
        self.value(path)

    def key(self) -> list[str]:
        parts = []
        while True:
            self.skip(_BLANK)
            parts.append(self.key_part())
            self.skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def key_part(self) -> str:
        if found := self.take(_BARE):
            return found
        if found := self.take(_LITERAL):
            return found[1:-1]
        if found := self.take(_BASIC):
            return str(tomllib.loads(f"key = {found}")["key"])
        raise _FaultError

    def value(self, path: KeyPath) -> None:
        self.skip(_BLANK)
        if self.text.startswith("[", self.at):
            self.array(path)
        elif self.text.startswith("{", self.at):
            self.inline_table(path)
        elif not self.take(_STRING) and not self.take(_SCALAR):
            raise _FaultError

    def array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        self.skip(_BETWEEN)
        while not self.text.startswith("]", self.at):
            self.mark((*path, index), self.at)
            self.value((*path, index))
            index += 1
            self.skip(_BETWEEN)
            if not self.text.startswith(",", self.at):
                break
            self.at += 1
            self.skip(_BETWEEN)
        self.expect("]")

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        self.skip(_BETWEEN)
        while not self.text.startswith("}", self.at):
            self.assignment(path)
            self.skip(_BETWEEN)
            if not self.text.startswith(",", self.at):
                break
            self.at += 1
            self.skip(_BETWEEN)
        self.expect("}")

    def mark(self, path: KeyPath, offset: int) -> None:
        self.lines.setdefault(path, bisect_left(self.breaks, offset) + 1)

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found[0]

    def skip(self, pattern: re.Pattern[str]) -> None:
        self.take(pattern)

    def expect(self, mark: str) -> None:
        if not self.text.startswith(mark, self.at):
            raise _FaultError
        self.at += len(mark)
