"""Octets that a text spells out: percent-encoded, as hex with marks between, as escapes of a
program. Each reading gives the octets, and where in the text each of them stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_ESCAPE: Final = re.compile(
    r"(?:[%=]|\\x)(?P<octet>[0-9A-Fa-f]{2})"  # RFC 3986 section 2.1, RFC 2045 section 6.7
    r"|\\u(?P<unit>[0-9A-Fa-f]{4})|&#[xX](?P<point>[0-9A-Fa-f]{1,5});|&#(?P<number>[0-9]{1,6});"
)
_BETWEEN: Final = r"(?:0x|\\x|[\s:.,;_-])"
_HEX_RUN: Final = re.compile(rf"[0-9a-f](?:{_BETWEEN}{{0,4}}[0-9a-f]){{7,}}", re.IGNORECASE)
_HEX_DIGIT: Final = re.compile(rf"{_BETWEEN}*([0-9a-f])", re.IGNORECASE)


class Reading:
    """What a piece of text spells out."""

    __slots__ = ("_ends", "_hex", "_octets", "_starts")

    def __init__(self, octets: bytes, starts: list[int], ends: list[int], *, hex_: bool) -> None:
        self._octets = octets
        self._starts = starts
        self._ends = ends
        self._hex = hex_

    def spans_of(self, value: bytes) -> Iterator[tuple[int, int]]:
        """Where in the text this value begins and ends, letters of ASCII in either case."""
        sought = value.hex().encode() if self._hex else value.lower()
        at = self._octets.find(sought)
        while at >= 0:
            end = at + len(sought)
            yield self._starts[at], self._ends[end - 1]
            at = self._octets.find(sought, end)


def readings_of(text: str) -> Iterator[Reading]:
    """Every way to read the text that is not its plain one; none for nearly every text."""
    if _ESCAPE.search(text):
        yield _unescaped(text)
    for run in _HEX_RUN.finditer(text):
        digits = list(_HEX_DIGIT.finditer(text, run.start(), run.end()))
        starts = [digit.start(1) for digit in digits]
        octets = "".join(digit[1] for digit in digits).lower().encode()
        yield Reading(octets, starts, [at + 1 for at in starts], hex_=True)


def _unescaped(text: str) -> Reading:
    octets = bytearray()
    starts: list[int] = []
    ends: list[int] = []

    def put(said: bytes, start: int, end: int) -> None:
        octets.extend(said)
        starts.extend([start] * len(said))
        ends.extend([end] * len(said))

    at = 0
    for escape in _ESCAPE.finditer(text):
        for n in range(at, escape.start()):
            put(text[n].encode("utf-8", "replace"), n, n + 1)
        put(_meant(escape), *escape.span())
        at = escape.end()
    for n in range(at, len(text)):
        put(text[n].encode("utf-8", "replace"), n, n + 1)
    return Reading(bytes(octets).lower(), starts, ends, hex_=False)


def _meant(escape: re.Match[str]) -> bytes:
    if escape["octet"]:
        return bytes.fromhex(escape["octet"])
    number = escape["number"]
    point = int(number) if number else int(escape["unit"] or escape["point"], 16)
    return chr(point).encode("utf-8", "replace") if point < 0x110000 else b"?"
