"""Whether a server still takes SSL 2, in whose own format (draft-hickman-netscape-ssl-00); RFC 6176
forbids it, since it breaks newer versions with the same key besides (DROWN, CVE-2016-0800)."""

from __future__ import annotations

from typing import Final, Literal

from smtpcheck.wire.question import Question
from smtpcheck.wire.tls import Step
from smtpcheck.wire.tls_failure import begins_record

_SUITES: Final = (0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700C0)
_VERSION: Final = b"\0\2"
_CLIENT_HELLO, _SERVER_HELLO = 1, 4
_WHOLE: Final = 7
"""Octets up to the version in a ServerHello: two of length, its type, a hit, a certificate type."""
_LONGEST: Final = 512


class Ssl2Question(Question):
    """Offers every suite of SSL 2. `challenge` is 16 bytes."""

    def __init__(self, challenge: bytes) -> None:
        super().__init__()
        self._challenge = challenge
        self._heard = b""
        self.taken = False
        """The server answered with a ServerHello of SSL 2."""
        self.words = ""
        """What it said in clear instead."""

    def start(self) -> bytes:
        """The ClientHello."""
        suites = b"".join(suite.to_bytes(3, "big") for suite in _SUITES)
        lengths = (len(suites), 0, len(self._challenge))
        body = bytes([_CLIENT_HELLO]) + _VERSION
        body += b"".join(length.to_bytes(2, "big") for length in lengths)
        body += suites + self._challenge
        return (0x8000 | len(body)).to_bytes(2, "big") + body

    def receive(self, data: bytes) -> Step:
        """Takes bytes of the server; `b""` means that it closed the connection."""
        if self.state == "handshaking":
            self._heard = (self._heard + data)[:_LONGEST]
            if not data or begins_record(self._heard) or len(self._heard) >= _WHOLE:
                self._judge()
        return Step(b"", b"", self.state)

    def failed_by(self, kind: Literal["timeout", "reset", "closed"], detail: str) -> None:  # noqa: ARG002 - as of any
        """Tells why bytes stopped coming."""
        if self.state == "handshaking":
            self._judge()

    def _judge(self) -> None:
        heard = self._heard
        self.state = "failed"
        self.taken = (
            len(heard) >= _WHOLE
            and heard[0] & 0x80 != 0
            and heard[2] == _SERVER_HELLO
            and heard[5:7] == _VERSION
        )
        if heard[:1].isdigit():
            self.words = heard.decode("ascii", "backslashreplace")
