"""Takes plain DNS answers apart without a library: those that nearly every run gets.

Importing dnspython takes as long as all else that a probe of a near server does. What is read here
is read strictly; whatever is not plain (an error, an odd name, an option, a signature, a byte too
many) is left to the library. A test holds both to the same answers.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

_A, _NS, _CNAME, _SOA, _AAAA, _OPT = 1, 2, 5, 6, 28, 41
_INTERNET = 1
_PLAIN_FLAGS, _MUST, _RECURSION_AVAILABLE = 0xFA0F, 0x8000, 0x0080
"""Of the header: a response to a query, whole, without an error (RFC 1035 section 4.1.1)."""
_LABEL = re.compile(rb"[A-Za-z0-9_-]{1,63}\Z")
_LONGEST_NAME = 253
_LONGEST_TTL = 2**31 - 1
_SIZES = {_A: 4, _AAAA: 16}


class Plain(NamedTuple):
    """What a plain answer says: no error, and either addresses or none."""

    values: tuple[str, ...]
    chain: tuple[str, ...]
    """The CNAME targets, in order."""
    ttl: int
    """Seconds, the least of the whole chain."""


class _NotPlainError(Exception):
    """The answer is for the library."""


class _Record(NamedTuple):
    name: str
    type: int
    ttl: int
    value: str
    """An address, or a name; empty where only the type matters."""


def read_plain(data: bytes, name: str, kind: int) -> Plain | None:
    """What the answer to a question for `name` and the type `kind` (A or AAAA) says; None where it
    is not plain."""
    try:
        return _Reader(data).answer(name.lower(), kind) if kind in _SIZES else None
    except (_NotPlainError, struct.error, IndexError):
        return None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 12

    def answer(self, wanted: str, kind: int) -> Plain:
        """The whole message, or _NotPlainError."""
        _, flags, questions, *counts = struct.unpack_from("!6H", self._data)
        # Opcode, truncation, the reserved bit and the error code are all zero.
        _plain((flags & _PLAIN_FLAGS) == _MUST and questions == 1)
        name, at = self._name(self._at)
        _plain(name.lower() == wanted)
        _plain(struct.unpack_from("!HH", self._data, at) == (kind, _INTERNET))
        self._at = at + 4
        answers = list(self._records(counts[0], (_A, _AAAA, _CNAME)))
        authority = {each.type for each in self._records(counts[1], (_NS, _SOA))}
        list(self._records(counts[2], (_A, _AAAA, _OPT)))
        _plain(self._at == len(self._data))
        found = _followed(answers, wanted, kind)
        _plain(bool(found.values or flags & _RECURSION_AVAILABLE or _SOA in authority))
        return found

    def _records(self, count: int, types: tuple[int, ...]) -> Iterator[_Record]:
        for _ in range(count):
            owner = self._data[self._at]
            name, at = ("", self._at + 1) if not owner else self._name(self._at)
            kind, class_, ttl, length = struct.unpack_from("!HHIH", self._data, at)
            self._at = at + 10 + length
            _plain(kind in types and ttl <= _LONGEST_TTL and self._at <= len(self._data))
            if kind == _OPT:
                _plain(not (name or ttl or length))  # no extended error, version 0, no option
            else:
                _plain(bool(name) and class_ == _INTERNET)
            yield _Record(name.lower(), kind, ttl, self._value(kind, at + 10, length))

    def _value(self, kind: int, at: int, length: int) -> str:
        if kind in _SIZES:
            _plain(length == _SIZES[kind])
            family = socket.AF_INET if kind == _A else socket.AF_INET6
            return socket.inet_ntop(family, self._data[at : at + length])
        if kind == _OPT:
            return ""
        value, end = self._name(at)
        if kind == _SOA:
            end = self._name(end)[1] + 20
        _plain(end == at + length)
        return value

    def _name(self, at: int) -> tuple[str, int]:
        """The name that stands there, and where it ends; a pointer leads back (section 4.1.4)."""
        labels: list[str] = []
        end, bound = 0, at
        while size := self._data[at]:
            if size >= 0xC0:
                end = end or at + 2
                (pointer,) = struct.unpack_from("!H", self._data, at)
                at = pointer & 0x3FFF
                _plain(12 <= at < bound)
                bound = at
                continue
            label = self._data[at + 1 : at + 1 + size]
            _plain(bool(_LABEL.match(label)) and len(label) == size)
            labels.append(label.decode("ascii"))
            at += 1 + size
        name = ".".join(labels)
        _plain(0 < len(name) <= _LONGEST_NAME)
        return name, end or at + 1


def _followed(records: list[_Record], name: str, kind: int) -> Plain:
    """The aliases from the name asked for on, and the addresses at their end."""
    aliases = [each for each in records if each.type == _CNAME]
    by_name = {each.name: each for each in aliases}
    _plain(len(by_name) == len(aliases))
    chain: list[str] = []
    ttls: list[int] = []
    while not (found := [each for each in records if (each.name, each.type) == (name, kind)]):
        alias = by_name.pop(name, None)
        if alias is None:
            _plain(name not in (each.name for each in aliases))  # else it goes round in a circle
            break
        chain.append(alias.value)
        ttls.append(alias.ttl)
        name = alias.value.lower()
    values = tuple(dict.fromkeys(each.value for each in found))
    ttls += [each.ttl for each in found]
    return Plain(values, tuple(chain), min(ttls, default=0))


def _plain(condition: bool) -> None:  # noqa: FBT001 - reads like assert
    if not condition:
        raise _NotPlainError
