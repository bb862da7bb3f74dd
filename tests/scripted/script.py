r"""The text form of a conversation, and its parts as values. No sockets here.

    # a comment; also two blanks and # at the end of a line
    S: 220 mx.test ESMTP            the server sends this and CR LF
    S: 250-mx.test | 250 STARTTLS   several lines in one packet
    C: EHLO *                       the client's line must begin so; * is anything; $ ends it
    !: tls good                     an action, see `ACTIONS`
    === again                       what the next connection gets; the last part serves the rest

In `S:` and `!: bytes`, `\r \n \t \0 \e \\ \| \xNN` are escapes; other text goes out as UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DIALOGUES = Path(__file__).parent.parent / "dialogues"


class ScriptError(Exception):
    """A script that cannot be read; says the line."""


@dataclass(frozen=True, slots=True)
class Send:
    """The server sends these bytes in one packet."""

    line: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Expect:
    """The client must send a line that begins like this."""

    line: int
    pattern: str

    def matches(self, text: str) -> bool:
        """Whether a line of the client, without its end, fits. Case does not count."""
        whole = self.pattern.endswith("$")
        parts = self.pattern.removesuffix("$").split("*")
        body = ".*".join(re.escape(part) for part in parts)
        return (
            re.match(body + (r"\Z" if whole else ""), text, re.IGNORECASE | re.DOTALL) is not None
        )


@dataclass(frozen=True, slots=True)
class StartTls:
    """The server does a TLS handshake with a certificate of this kind."""

    line: int
    kind: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """The server closes: `close` orderly, `close-tcp` without TLS close_notify, `reset` by RST,
    `half-close` only its own direction."""

    line: int
    how: str


@dataclass(frozen=True, slots=True)
class Pause:
    """The server waits, in seconds."""

    line: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Drip:
    """From here on the server sends one byte per interval, in seconds; 0 ends it."""

    line: int
    interval: float


@dataclass(frozen=True, slots=True)
class Flood:
    """The server sends this line over and over."""

    line: int
    data: bytes
    count: int


@dataclass(frozen=True, slots=True)
class Hang:
    """The server says nothing more, and reads until the client gives up."""

    line: int


@dataclass(frozen=True, slots=True)
class Body:
    """The server reads a message up to the final dot."""

    line: int


@dataclass(frozen=True, slots=True)
class Eat:
    """From here on (`on`) the server throws away what came in one packet behind the line it
    reads, as servers do that must not be pipelined to; `once` does so for what is there now."""

    line: int
    mode: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The client must close now; anything it sends instead is a deviation."""

    line: int


Step = Send | Expect | StartTls | Close | Pause | Drip | Flood | Hang | Body | Eat | Gone


@dataclass(frozen=True, slots=True)
class Script:
    """What the server does on its first, second, ... connection."""

    name: str
    parts: tuple[tuple[Step, ...], ...]

    def part(self, connection: int) -> tuple[Step, ...]:
        """The steps for a connection, counted from 0."""
        return self.parts[min(connection, len(self.parts) - 1)]


_PLAIN_ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "e": b"\x1b"}


def unescape(text: str) -> bytes:
    """The bytes that a text with escapes stands for."""

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return chr(0xDC00 + int(found[1], 16))
        return _PLAIN_ESCAPES.get(found[2], found[2].encode()).decode()

    marked = re.sub(r"\\(?:x([0-9a-fA-F]{2})|(.))", one, text)
    return b"".join(
        bytes([ord(char) - 0xDC00]) if 0xDC00 <= ord(char) <= 0xDCFF else char.encode()
        for char in marked
    )


def _tls(line: int, words: list[str]) -> Step:
    kind = words[0] if words else "good"
    options = tuple((name, value) for name, _, value in (w.partition("=") for w in words[1:]))
    return StartTls(line, kind, options)


def _flood(line: int, words: list[str]) -> Step:
    count = int(words[0]) if words else 100_000
    text = " ".join(words[1:]) or "220-and another line"
    return Flood(line, unescape(text) + b"\r\n", count)


ACTIONS: dict[str, Callable[[int, list[str]], Step]] = {
    "tls": _tls,
    "close": lambda line, _: Close(line, "close"),
    "close-tcp": lambda line, _: Close(line, "close-tcp"),
    "half-close": lambda line, _: Close(line, "half-close"),
    "reset": lambda line, _: Close(line, "reset"),
    "pause": lambda line, words: Pause(line, float(words[0])),
    "bytes": lambda line, words: Send(line, unescape(" ".join(words))),
    "drip": lambda line, words: Drip(line, float(words[0])),
    "flood": _flood,
    "hang": lambda line, _: Hang(line),
    "body": lambda line, _: Body(line),
    "eat": lambda line, words: Eat(line, words[0] if words else "once"),
    "gone": lambda line, _: Gone(line),
}


def parse_script(text: str, name: str = "script", folder: Path = DIALOGUES) -> Script:
    """The script that a text describes. `!: include FILE` (of `folder`) puts another's steps in
    place. Raises ScriptError with the name and the line."""
    parts: list[list[Step]] = [[]]
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s\s+)#.*$", "", raw).rstrip()
        if not line.strip():
            continue
        if line.startswith("==="):
            parts.append([])
            continue
        try:
            parts[-1].extend(_steps(number, line, folder))
        except (ValueError, IndexError, KeyError, OSError) as error:
            raise ScriptError(f"{name}:{number}: {raw.strip()!r}: {error!r}") from error
    return Script(name, tuple(tuple(part) for part in parts))


def _steps(number: int, line: str, folder: Path) -> tuple[Step, ...]:
    mark, colon, rest = line.partition(":")
    rest = rest.strip() if mark == "!" else rest.removeprefix(" ")
    if not colon or mark not in ("S", "C", "!"):
        raise ValueError("a line begins with S:, C:, !:, # or ===")
    if mark == "C":
        return (Expect(number, rest),)
    if mark == "S":
        lines = re.split(r" (?<!\\)\| ", rest)
        return (Send(number, b"".join(unescape(each) + b"\r\n" for each in lines)),)
    verb, _, arguments = rest.partition(" ")
    if verb == "include":
        return read_script(folder / arguments.strip()).parts[0]
    if verb == "bytes":
        return (Send(number, unescape(arguments)),)
    return (ACTIONS[verb](number, arguments.split()),)


def read_script(path: Path | str) -> Script:
    """The script of a file; a bare name is one of tests/dialogues."""
    found = Path(path)
    if not found.is_absolute():
        found = DIALOGUES / found
    if not found.suffix:
        found = found.with_suffix(".smtp")
    return parse_script(found.read_text(encoding="utf-8"), found.name, DIALOGUES)
