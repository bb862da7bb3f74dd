"""A TLS server in memory, and a talk with it cut into pieces of any size."""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

from smtpcheck.model.jsonvalue import Json
from smtpcheck.wire.tls import TlsSession
from smtpcheck.wire.tls_context import TlsContext, TlsPolicy, make_context

HOST = "mail.example.test"
SIZES = (1, 7, 1_000_000)
GREETING = b"220 mail.example.test ESMTP\r\n"


def context_for(ca_file: Path | str = "", **settings: object) -> TlsContext:
    """A client's context that trusts a CA file."""
    made = make_context(TlsPolicy(ca_file=str(ca_file), **settings))  # type: ignore[arg-type]
    assert isinstance(made, TlsContext), made
    return made


def session_for(context: TlsContext, host: str = HOST) -> TlsSession:
    """A client's session, at this moment."""
    return TlsSession(context, host, now=datetime.now(UTC))


class Peer:
    """The server's side: a handshake, then a greeting in the same flight as its last message."""

    def __init__(self, context: ssl.SSLContext, greeting: bytes = GREETING) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._greeting = greeting
        self.done = False
        self.error: ssl.SSLError | None = None
        self.heard = b""

    def answer(self, data: bytes) -> bytes:
        """What the server sends when it gets these bytes."""
        self._incoming.write(data)
        try:
            if not self.done:
                self.tls.do_handshake()
                self.done = True
                if self._greeting:
                    self.tls.write(self._greeting)
            self.heard += self.tls.read(65_536)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.error = error
        return self._outgoing.read()

    def take(self, data: bytes) -> None:
        """Gets bytes without answering."""
        self._incoming.write(data)

    def say(self, data: bytes) -> bytes:
        """Encrypts."""
        self.tls.write(data)
        return self._outgoing.read()

    def hang_up(self) -> bytes:
        """close_notify."""
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()
        return self._outgoing.read()


def feed(session: TlsSession, data: bytes, size: int) -> tuple[bytes, bytes]:
    """Hands bytes over in pieces, as long as the session wants any; returns what it sends and what
    it has decrypted."""
    sent = plain = b""
    for at in range(0, len(data), size):
        if session.state not in ("handshaking", "open"):
            break
        step = session.receive(data[at : at + size])
        assert step.state == session.state
        sent += step.outgoing
        plain += step.plain
    return sent, plain


def converse(session: TlsSession, peer: Peer, size: int = 1_000_000) -> bytes:
    """Runs the handshake to its end; returns what the server said inside TLS by then."""
    sent, plain = session.start(), b""
    for _ in range(10):
        if not sent:
            break
        sent, said = feed(session, peer.answer(sent), size)
        plain += said
    return plain


def error_of(session: TlsSession) -> dict[str, Json]:
    """The facts `error.*`."""
    found = session.handshake_facts().get("error", {})
    assert isinstance(found, dict)
    return found


def problems_of(session: TlsSession) -> list[dict[str, Json]]:
    """The fact `problems`."""
    found = session.handshake_facts().get("problems", [])
    assert isinstance(found, list)
    return found


def kinds_of(session: TlsSession) -> list[Json]:
    """The kinds of all problems, in their order."""
    return [problem["kind"] for problem in problems_of(session)]
