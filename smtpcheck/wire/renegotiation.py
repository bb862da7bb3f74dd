"""Whether a server lets a client begin a second handshake within a TLS 1.2 session (RFC 5746): a
session of our own making, since the TLS library here can ask for none."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

from smtpcheck.wire.client_hello import EXTENDED_MASTER_SECRET, Offer, client_hello
from smtpcheck.wire.question import ALERT, CHANGE, HANDSHAKE, Question, Records
from smtpcheck.wire.server_flight import Reader
from smtpcheck.wire.tls import Step
from smtpcheck.wire.tls12_cipher import GROUPS, SUITES, Protection, agree, expand
from smtpcheck.wire.tls_failure import alert_name

_HELLO_REQUEST, _HELLO, _KEY_EXCHANGE, _REQUEST, _DONE, _FINISHED = 0, 2, 12, 13, 14, 20
_NO_CERTIFICATE: Final = b"\x0b\0\0\x03\0\0\0"
_NAMED_CURVE: Final = 3


class RenegotiationSession(Question):
    """Makes a session, asks within it for another one, and hears what becomes of that. The state
    is `failed` in the end: nothing is ever said in the session."""

    def __init__(self, server_name: str, random: bytes) -> None:
        super().__init__()
        self._name, self._random = server_name, random
        self._records = Records()
        self._transcript = b""
        self._server_random = b""
        self._tied = False
        self._requested = False
        self._exchange: tuple[int, bytes] | None = None
        self._keys: Protection | None = None
        self._sealed = False
        self._verify = b""
        self._asked = False
        self.told = ""
        """How it ended: `accepted`, `refused`, `ignored` (nothing came), or `no-session`."""
        self.detail = ""
        """The alert by which it was refused, or why there was no session."""

    def start(self) -> bytes:
        """The first ClientHello."""
        hello = self._hello(self._random)
        self._transcript = hello[5:]
        return hello

    def receive(self, data: bytes) -> Step:
        """Takes bytes of the server; `b""` means that it closed the connection."""
        outgoing = b""
        if self.state == "handshaking":
            try:
                outgoing = self._take(data) if data else self._over("closed")
            except (IndexError, ValueError) as error:
                self._end("no-session", str(error) or "a message is cut short")
        return Step(outgoing, b"", self.state)

    def failed_by(self, kind: Literal["timeout", "reset", "closed"], detail: str) -> None:
        """Tells why bytes stopped coming."""
        if self.state == "handshaking" and kind == "timeout" and self._asked:
            self._end("ignored", "")
        elif self.state == "handshaking":
            self._over(detail or kind)

    def _hello(self, random: bytes) -> bytes:
        return client_hello(
            Offer(
                highest="1.2",
                suites=SUITES,
                groups=GROUPS,
                server_name=self._name,
                renews=self._verify,
            ),
            random,
        )

    def _over(self, why: str) -> bytes:
        """The server is gone: after the question that is a refusal."""
        self._end("refused" if self._asked else "no-session", why)
        return b""

    def _end(self, told: str, detail: str) -> None:
        self.state, self.told, self.detail = "failed", told, detail

    def _take(self, data: bytes) -> bytes:
        outgoing = b""
        for kind, content in self._records.cut(data):
            outgoing += self._record(kind, content)
            if self.state != "handshaking":
                break
        return outgoing

    def _record(self, kind: int, content: bytes) -> bytes:
        if self._sealed and self._keys is not None:
            content = self._keys.open(kind, content)
        if kind == CHANGE:
            if self._keys is None:
                raise ValueError("the keys are changed too early")
            self._sealed = True
        elif kind == ALERT:
            self._alert(content)
        elif kind == HANDSHAKE:
            return self._read(content)
        return b""  # the greeting of a server with TLS from the first byte is passed over

    def _alert(self, content: bytes) -> None:
        number = content[1] if len(content) >= 2 else 0
        warning = content[:1] == b"\x01" and number != 0
        if not (warning and not self._asked):  # that the name is not known, for example
            self._over(alert_name(number))

    def _read(self, content: bytes) -> bytes:
        outgoing = b""
        for message in self._records.messages(content):
            outgoing += self._message(message[0], message)
            if self.state != "handshaking":
                break
        return outgoing

    def _message(self, kind: int, message: bytes) -> bytes:
        if self._asked:
            if kind != _HELLO_REQUEST:
                self._end("accepted" if kind == _HELLO else "refused", "")
            return b""
        if kind == _FINISHED:
            return self._ask()
        self._transcript += message
        body = Reader(message[4:])
        if kind == _HELLO:
            self._read_hello(body)
        elif kind == _KEY_EXCHANGE and body.number(1) == _NAMED_CURVE:
            self._exchange = body.number(2), body.block(1)
        elif kind == _REQUEST:
            self._requested = True
        elif kind == _DONE:
            return self._answer()
        return b""

    def _read_hello(self, body: Reader) -> None:
        version, self._server_random = body.number(2), body.take(32)
        body.block(1)
        if version != 0x0303 or body.number(2) not in SUITES:
            raise ValueError("the server chose what was not offered")
        body.number(1)
        extensions = Reader(body.block(2) if body.rest else b"")
        while extensions.rest:
            self._tied = extensions.number(2) == EXTENDED_MASTER_SECRET or self._tied
            extensions.block(2)

    def _answer(self) -> bytes:
        """Our part of the first handshake."""
        if self._exchange is None or not self._server_random or self._keys is not None:
            raise ValueError("no key exchange came")
        share, secret = agree(*self._exchange)
        message = b"\x10\0\0" + bytes([len(share) + 1, len(share)]) + share
        message = (_NO_CERTIFICATE if self._requested else b"") + message
        self._transcript += message
        label, seed = b"master secret", self._random + self._server_random
        if self._tied:
            label, seed = b"extended master secret", hashlib.sha256(self._transcript).digest()
        master = expand(secret, label, seed, 48)
        self._keys = Protection(master, self._random, self._server_random)
        digest = hashlib.sha256(self._transcript).digest()
        self._verify = expand(master, b"client finished", digest, 12)
        finished = self._keys.seal(HANDSHAKE, b"\x14\0\0\x0c" + self._verify)
        sent = b"\x16\3\3" + len(message).to_bytes(2, "big") + message
        return sent + b"\x14\3\3\0\1\1" + finished

    def _ask(self) -> bytes:
        if self._keys is None or not self._sealed:
            raise ValueError("the handshake ends before it began")
        self._asked = True
        hello = self._hello(hashlib.sha256(self._random).digest())
        return self._keys.seal(HANDSHAKE, hello[5:])
