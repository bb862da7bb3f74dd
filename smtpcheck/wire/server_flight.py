"""Reads a server's first flight: what it chose and which extensions it knows, as far as it is in
clear (RFC 8446 section 4.1.3; RFC 5246 section 7.4; RFC 8422 section 5.4)."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from smtpcheck.model.value import dataclass
from smtpcheck.wire.cipher_suites import key_exchange_of, name_of, weakness_of
from smtpcheck.wire.client_hello import VERSIONS
from smtpcheck.wire.named_groups import group_name

LIMIT: Final = 262_144
"""Bytes of a flight that are read; a real one has some thousand."""
_ALERT, _HANDSHAKE = 21, 22
_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _REQUEST, _DONE, _STATUS = 2, 11, 12, 13, 14, 22
_SUPPORTED_VERSIONS, _KEY_SHARE = 43, 51
_RETRY: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a HelloRetryRequest."""
_NAMED_CURVE: Final = 3
_NAMES: Final = {number: name for name, number in VERSIONS.items()}


class MalformedError(ValueError):
    """What came is no TLS, or no sound one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a server chose from an offer."""

    version: str
    """As in a profile (`1.2`), `ssl3`, or the number in hexadecimal."""
    suite: int
    compression: int = 0
    extensions: frozenset[int] = frozenset()
    resumable: bool = False
    """It gave the session an id (up to TLS 1.2)."""
    sentinel: bool = False
    """Its random says that it would speak a newer version (RFC 8446 section 4.1.3)."""
    group: str = ""
    """Named group of the key exchange, or that it asked for."""
    dh_bits: int = 0
    """Length of the prime, where it is a Diffie-Hellman key exchange without named group."""
    signature: int = 0
    """With which algorithm it signed the key exchange, in TLS 1.2."""
    certificates: tuple[bytes, ...] = ()
    """DER forms, as they came; up to TLS 1.2."""
    stapled: bool = False
    """An OCSP response came along; up to TLS 1.2."""

    @property
    def cipher(self) -> str:
        """OpenSSL's name of the suite."""
        return name_of(self.suite)

    @property
    def weakness(self) -> str:
        """The weakness of the suite, or empty."""
        return weakness_of(self.suite)


@dataclass(slots=True)
class ServerFlight:
    """Takes bytes until the server has shown all that it shows in clear."""

    choice: Choice | None = None
    alert: int | None = None
    """The number of the alert by which it refused."""
    _records: bytearray = field(default_factory=bytearray)
    _messages: bytearray = field(default_factory=bytearray)
    _taken: int = 0
    _shown: dict[str, object] = field(default_factory=dict)
    done: bool = False

    def feed(self, data: bytes) -> bool:
        """Whether the flight is over. Raises MalformedError."""
        self._taken += len(data)
        if self._taken > LIMIT:
            raise MalformedError("too much data in the server's part of the handshake")
        self._records += data
        while not self.done and len(self._records) >= 5:
            kind, length = self._records[0], int.from_bytes(self._records[3:5], "big")
            if kind not in range(20, 25) or self._records[1] != 3:
                raise MalformedError(f"no TLS record: {bytes(self._records[:8]).hex(' ')}")
            if len(self._records) < 5 + length:
                break
            content = bytes(self._records[5 : 5 + length])
            del self._records[: 5 + length]
            self._record(kind, content)
        return self.done

    def _record(self, kind: int, content: bytes) -> None:
        if kind == _ALERT:
            if len(content) >= 2 and content[0] == 1 and content[1] != 0:
                return  # a warning, for example that the name is not known: the flight goes on
            self.alert = content[1] if len(content) >= 2 else 0
            self.done = True
            return
        if kind != _HANDSHAKE:
            self._end()  # encrypted from here on
            return
        self._messages += content
        while not self.done and len(self._messages) >= 4:
            length = int.from_bytes(self._messages[1:4], "big")
            if len(self._messages) < 4 + length:
                return
            kind, body = self._messages[0], bytes(self._messages[4 : 4 + length])
            del self._messages[: 4 + length]
            try:
                self._message(kind, Reader(body))
            except IndexError:
                raise MalformedError("a message of the handshake is cut short") from None

    def _message(self, kind: int, body: Reader) -> None:
        if kind == _HELLO:
            self._shown = _hello(body)
            if self._shown["version"] == "1.3":
                self._end()
        elif not self._shown:
            raise MalformedError(f"a message of type {kind} before the ServerHello")
        elif kind == _CERTIFICATE:
            self._shown["certificates"] = _certificates(body)
        elif kind == _STATUS:
            self._shown["stapled"] = len(body.rest) > 4
        elif kind == _KEY_EXCHANGE:
            self._shown |= _key_exchange(body, self._shown)
        elif kind == _DONE:
            self._end()
        elif kind != _REQUEST:
            raise MalformedError(f"an unexpected message of type {kind}")

    def _end(self) -> None:
        if not self._shown:
            raise MalformedError("no ServerHello")
        self.choice = Choice(**self._shown)  # type: ignore[arg-type]  # the names are its own
        self.done = True


class Reader:
    """Bytes, taken from the front. Raises IndexError where too few are left."""

    def __init__(self, rest: bytes) -> None:
        self.rest = rest

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if len(self.rest) < count:
            raise IndexError
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self, size: int) -> int:
        """A number in network order."""
        return int.from_bytes(self.take(size), "big")

    def block(self, size: int) -> bytes:
        """Bytes behind their length, which takes `size` bytes."""
        return self.take(self.number(size))


def _hello(body: Reader) -> dict[str, object]:
    version, random = body.number(2), body.take(32)
    session, suite, compression = body.block(1), body.number(2), body.number(1)
    extensions: dict[int, bytes] = {}
    if body.rest:
        listed = Reader(body.block(2))
        while listed.rest:
            kind = listed.number(2)
            extensions[kind] = listed.block(2)
    if _SUPPORTED_VERSIONS in extensions:
        version = int.from_bytes(extensions[_SUPPORTED_VERSIONS], "big")
    share = extensions.get(_KEY_SHARE, b"")[:2]
    name = _NAMES.get(version, f"0x{version:04X}")
    return {
        "version": name,
        "suite": suite,
        "compression": compression,
        "extensions": frozenset(extensions),
        "resumable": bool(session) and name != "1.3",
        "sentinel": random != _RETRY and random[24:31] == b"DOWNGRD",
        "group": group_name(int.from_bytes(share, "big")) if share else "",
    }


def _certificates(body: Reader) -> tuple[bytes, ...]:
    listed = Reader(body.block(3))
    found = []
    while listed.rest:
        found.append(listed.block(3))
    return tuple(found)


def _key_exchange(body: Reader, shown: dict[str, object]) -> dict[str, object]:
    """The group, and how it is signed. What is not known here (RSA of export grade) is nothing."""
    suite = shown["suite"]
    how = key_exchange_of(suite) if isinstance(suite, int) else ""
    found: dict[str, object] = {}
    if how == "ecdhe":
        if body.number(1) != _NAMED_CURVE:
            return {"group": "explicit curve"}
        found["group"] = group_name(body.number(2))
        body.block(1)
    elif how == "dhe":
        found["dh_bits"] = int.from_bytes(body.block(2), "big").bit_length()
        body.block(2)
        body.block(2)
    else:
        return {}
    if shown["version"] == "1.2" and len(body.rest) >= 4:
        found["signature"] = body.number(2)
    return found
