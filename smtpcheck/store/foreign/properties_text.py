"""Reads and writes `.properties` files of Java (java.util.Properties, `load`)."""

from __future__ import annotations

import re

from smtpcheck.store.foreign.entry import Entry, Source

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_NAME = re.compile(r"(?P<name>(?:\\.|[^\\=:\s])*)[ \t\f]*(?:[=:][ \t\f]*)?", re.DOTALL)
_BOUNDARY = re.compile(r"[#!]---\s*")


def read_properties(source: Source) -> list[list[Entry]]:
    """The settings of each document; Spring parts them by `#---`."""
    documents: list[list[Entry]] = [[]]
    lines = iter(enumerate(source.text.split("\n"), 1))
    for number, line in lines:
        text = line.lstrip(" \t\f")
        if _BOUNDARY.fullmatch(text):
            documents.append([])
        if not text or text[0] in "#!":
            continue
        while _goes_on(text):
            _number, more = next(lines, (0, ""))
            text = text[:-1] + more.lstrip(" \t\f")
        name = _NAME.match(text)
        if name and name["name"]:
            value = _unescaped(text[name.end() :])
            documents[-1].append(Entry(_unescaped(name["name"]), value, number))
    return documents


def property_line(name: str, value: str) -> str:
    """`name=value`, in ASCII alone: the charset of such files differs."""
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    escaped = escaped.replace("\t", "\\t").replace("\f", "\\f")
    if escaped.startswith(" "):
        escaped = f"\\{escaped}"
    return f"{name}={_ascii(escaped)}"


def _goes_on(text: str) -> bool:
    """Whether an odd number of backslashes ends the line."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _ascii(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if 32 <= code < 127 else f"\\u{code:04x}" for code in codes)


def _unescaped(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        word = found[1]
        if len(word) == 5:
            return chr(int(word[1:], 16))
        return _ESCAPES.get(word, word)

    plain = _ESCAPE.sub(one, text.removesuffix("\r"))
    # Two escapes make a character beyond the first 65 536.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
