"""Reads JSON with the lines of its values. Comments and commas too many pass, as with .NET."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.code_text import Placed, Token, tokens_of
from smtpcheck.store.foreign.entry import Entry, Source

_DEEPEST = 60
_ENDS = {"{": "}", "[": "]"}


def read_json(source: Source) -> Any:
    """The value of a text: dicts and lists of Placed values, texts, numbers, flags and None. Raises
    UsageError with the line of what is not JSON."""
    reader = _Reader(tokens_of(source.text))
    try:
        return reader.value(0)
    except (ValueError, IndexError):
        raise UsageError(
            f"{source.file}, line {reader.line}: not JSON",
            ["mend the file there, or say what format it is in: --format F"],
        ) from None


def leaves(tree: Any, name: str = "", line: int = 0) -> Iterator[Entry]:
    """Every single value of a tree under its keys with dots between, items of lists by number."""
    if isinstance(tree, Placed):
        yield from leaves(tree.value, name, tree.line)
    elif isinstance(tree, dict | list):
        pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, value in pairs:
            yield from leaves(value, f"{name}.{key}" if name else str(key), line)
    elif name:
        yield Entry(name, tree, line)


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def line(self) -> int:
        """Where it stands."""
        return self._tokens[min(self._at, len(self._tokens) - 1)].line if self._tokens else 1

    def value(self, depth: int) -> Any:
        """The value that begins here. Raises ValueError or IndexError where there is none."""
        text = self._tokens[self._at].text
        if depth > _DEEPEST:
            raise ValueError
        if text in _ENDS:
            self._at += 1
            return self._mapping(depth) if text == "{" else self._list(depth)
        if self._tokens[self._at].kind == "string":
            self._at += 1
            return json.loads(text)
        words = ""
        while self._at < len(self._tokens) and self._text() not in (",", "]", "}"):
            words += self._text()
            self._at += 1
        return json.loads(words)

    def _text(self) -> str:
        return self._tokens[self._at].text

    def _mapping(self, depth: int) -> dict[str, Placed]:
        found: dict[str, Placed] = {}
        while self._text() != "}":
            token = self._tokens[self._at]
            name = json.loads(token.text)
            self._at += 1
            self._colon()
            found[str(name)] = Placed(self.value(depth + 1), token.line)
            self._comma("}")
        self._at += 1
        return found

    def _colon(self) -> None:
        token = self._tokens[self._at]
        if token.kind == "symbol":  # `:true` is one word in Ruby
            self._tokens[self._at] = Token("word", token.text[1:], token.line)
            return
        if token.text != ":":
            raise ValueError
        self._at += 1

    def _list(self, depth: int) -> list[Placed]:
        found: list[Placed] = []
        while self._text() != "]":
            line = self.line
            found.append(Placed(self.value(depth + 1), line))
            self._comma("]")
        self._at += 1
        return found

    def _comma(self, end: str) -> None:
        if self._text() == ",":
            self._at += 1
        elif self._text() != end:
            raise ValueError
