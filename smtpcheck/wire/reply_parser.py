"""Bytes from a server in, replies out (RFC 5321 section 4.2).

Keeps everything and refuses nothing: the lines hold the bytes as they came, and what departs from
the standard is a `Defect` of the reply. Memory is bounded: a line or a reply that grows past its
limit closes the reply with `TOO_LONG`, and the parser takes nothing more.
"""

from __future__ import annotations

from smtpcheck.model.reply import Defect, Line, Reply

LINE_LIMIT = 12_294
"""RFC 4954 section 4 lets a challenge be 12,288 octets long; `334 ` and CRLF come on top.
(RFC 5321 section 4.5.3.1.5 itself asks for 512.)"""
REPLY_LIMIT = 65_536
LINES_LIMIT = 512

UNSOUND = frozenset(
    {
        Defect.CODE_CHANGED,
        Defect.NOT_A_REPLY,
        Defect.TOO_LONG,
        Defect.UNSOLICITED,
        Defect.UNFINISHED,
    }
)
"""Defects after which a reply cannot be believed, whatever its code."""


def sound(reply: Reply) -> bool:
    """Whether the code of this reply can be believed."""
    return reply.code != 0 and not (reply.defects & UNSOUND)


class ReplyParser:
    """Cuts what a server sends into replies."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lines: list[Line] = []
        self._size = 0
        self._ready: list[Reply] = []
        self.overrun = False
        """A limit was passed; whatever still comes is dropped."""

    @property
    def pending(self) -> bytes:
        """What has come and is in no reply yet."""
        return b"".join(line.raw for line in self._lines) + bytes(self._buffer)

    @property
    def waiting(self) -> bool:
        """Whether anything has come that nobody has taken."""
        return bool(self._ready or self._lines or self._buffer)

    def feed(self, data: bytes) -> None:
        """Takes bytes; `take` gives the replies they complete."""
        if self.overrun:
            return
        self._buffer += data
        while not self.overrun:
            end = self._buffer.find(b"\n")
            if end < 0:
                if len(self._buffer) > LINE_LIMIT:
                    self._overrun(self._cut(LINE_LIMIT))
                return
            raw = self._cut(end + 1)
            if len(raw) > LINE_LIMIT:
                self._overrun(raw[:LINE_LIMIT])
                return
            self._line(raw)

    def take(self) -> Reply | None:
        """The next whole reply, or None while there is none."""
        return self._ready.pop(0) if self._ready else None

    def finish(self) -> Reply | None:
        """What had come of an unfinished reply when the connection ended."""
        if self._buffer:
            self._lines.append(Line(self._cut(len(self._buffer))))
        if not self._lines:
            return None
        self._close(Defect.UNFINISHED)
        return self._ready.pop()

    def drain(self) -> bytes:
        """Takes everything that nobody has asked for, and returns its bytes in order."""
        raw = b"".join(reply.raw for reply in self._ready) + self.pending
        self._ready.clear()
        self._lines.clear()
        self._buffer.clear()
        self._size = 0
        return raw

    def _cut(self, size: int) -> bytes:
        raw = bytes(self._buffer[:size])
        del self._buffer[:size]
        return raw

    def _line(self, raw: bytes) -> None:
        line = Line(raw)
        self._lines.append(line)
        self._size += len(raw)
        last = line.last
        if len(self._lines) >= LINES_LIMIT or self._size > REPLY_LIMIT:
            if last and line.code:
                self._close()
            else:
                self._overrun(b"")
        # Within a reply, a line without a code is a broken continuation, not a reply of its own.
        elif last and (len(self._lines) == 1 or line.code):
            self._close()

    def _overrun(self, raw: bytes) -> None:
        if raw:
            self._lines.append(Line(raw))
        self._close(Defect.TOO_LONG)
        self._buffer.clear()
        self.overrun = True

    def _close(self, *more: Defect) -> None:
        lines = tuple(self._lines)
        self._lines.clear()
        self._size = 0
        self._ready.append(Reply(lines, frozenset(more) | _defects(lines)))


def _defects(lines: tuple[Line, ...]) -> frozenset[Defect]:
    found = set()
    codes = {line.code for line in lines}
    if 0 in codes:
        found.add(Defect.NOT_A_REPLY)
    if len(codes - {0}) > 1:
        found.add(Defect.CODE_CHANGED)
    raw = b"".join([line.raw for line in lines])
    if raw.count(b"\n") != raw.count(b"\r\n"):
        found.add(Defect.BARE_LF)
    if not raw.isascii():
        found.add(Defect.NON_ASCII)
    return frozenset(found)
