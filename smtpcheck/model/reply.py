"""What a server said, byte for byte, and what it did instead of speaking (RFC 5321 section 4.2)."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from smtpcheck.model.value import dataclass

_CODE = re.compile(rb"([2-5][0-9][0-9])(?:([ \-])|(?=[\r\n]|$))")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?=\s|$)")


class Defect(StrEnum):
    """A departure from RFC 5321: evidence, never a reason to refuse the reply."""

    BARE_LF = "bare-lf"
    CODE_CHANGED = "code-changed"
    NOT_A_REPLY = "not-a-reply"
    NON_ASCII = "non-ascii"
    TOO_LONG = "too-long"
    UNSOLICITED = "unsolicited"
    UNFINISHED = "unfinished"


@lru_cache(maxsize=256)
def _parts(raw: bytes) -> _Parts:
    """A line taken apart. Each of its parts is asked for a dozen times."""
    found = _CODE.match(raw)
    rest = raw[found.end() :] if found else raw
    text = rest.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    enhanced = _ENHANCED.match(text)
    return _Parts(
        shown=raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace"),
        code=int(found[1]) if found else 0,
        last=not (found and found[2] == b"-"),
        text=text,
        enhanced=enhanced[1] if enhanced else "",
        words=text[enhanced.end() :].lstrip(" ") if enhanced else text,
    )


class _Parts(NamedTuple):
    shown: str
    code: int
    last: bool
    text: str
    enhanced: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a reply, its terminator included."""

    raw: bytes

    @property
    def shown(self) -> str:
        """The whole line without its end. Bytes that are not UTF-8 are kept as escapes, so that
        nothing is lost and nothing fails."""
        return _parts(self.raw).shown

    @property
    def code(self) -> int:
        """Reply code, or 0 where the line has none."""
        return _parts(self.raw).code

    @property
    def last(self) -> bool:
        """Whether this line ends its reply: `250 text`, a bare `250`, or no reply line at all."""
        return _parts(self.raw).last

    @property
    def text(self) -> str:
        """The words behind the code; the whole line where there is no code."""
        return _parts(self.raw).text


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a server, one or more lines."""

    lines: tuple[Line, ...]
    defects: frozenset[Defect] = frozenset()

    @property
    def code(self) -> int:
        """Code of the last line (RFC 5321 section 4.2.1), 0 where it has none."""
        return self.lines[-1].code if self.lines else 0

    @property
    def enhanced(self) -> str:
        """Enhanced status code (RFC 3463), from the first line that has one; else empty."""
        return next(filter(None, (_parts(line.raw).enhanced for line in self.lines)), "")

    @property
    def texts(self) -> tuple[str, ...]:
        """The words of each line, behind reply code and enhanced status code."""
        return tuple(_parts(line.raw).words for line in self.lines)

    @property
    def text(self) -> str:
        """The words of all lines, joined by one blank."""
        return " ".join(part for part in (text.strip() for text in self.texts) if part)

    @property
    def raw(self) -> bytes:
        """The bytes as they came."""
        return b"".join(line.raw for line in self.lines)

    @property
    def positive(self) -> bool:
        """2yz: done."""
        return 200 <= self.code < 300

    @property
    def intermediate(self) -> bool:
        """3yz: go on."""
        return 300 <= self.code < 400

    @property
    def temporary(self) -> bool:
        """4yz: refused for now."""
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        """5yz: refused for good."""
        return 500 <= self.code < 600


class SilenceKind(StrEnum):
    """Why no reply came."""

    TIMEOUT = "timeout"
    CLOSED = "closed"
    RESET = "reset"
    DEADLINE = "deadline"
    """The run's own deadline was reached, not the wait's."""
    TLS = "tls"
    """The TLS layer failed under the conversation (RFC 8446 alert, corrupted record)."""


@dataclass(frozen=True, slots=True)
class Silence:
    """No reply: what happened instead."""

    kind: SilenceKind
    partial: bytes = b""
    """What had come of an unfinished reply."""
    detail: str = ""
    """The words of the operating system or the TLS library."""
    waited_ms: float = 0.0
    unsent: bool = False
    """What was to be answered had not left whole: the server cannot have acted on it."""


Heard = Reply | Silence
