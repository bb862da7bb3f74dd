"""One connection: a blocking socket, TLS where it was started, and a buffer of our own.

Bytes go from the socket through TLS into the reply parser and nowhere else. What has come before
it was asked for stays visible (`early`), so that nothing said in clear is ever taken for the
answer to something said inside TLS (RFC 3207 section 6).
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Heard, Reply, Silence, SilenceKind
from smtpcheck.probe.deadline import Deadline
from smtpcheck.wire.reply_parser import ReplyParser

if TYPE_CHECKING:
    from smtpcheck.wire.channel_binding import ChannelBinding
    from smtpcheck.wire.question import Question
    from smtpcheck.wire.tls import TlsSession

_CHUNK = 65_536
_RECORD = 16_384
"""Octets of clear text that one TLS record carries at most (RFC 8446 section 5.1)."""


class Trust(StrEnum):
    """What is known about who is at the other end."""

    NONE = "none"
    OBSERVED = "observed"
    """TLS, but the certificate was not verified."""
    VERIFIED = "verified"


class Link:
    """A connection to one address. `received` is what has been read from it already."""

    def __init__(self, sock: socket.socket, received: bytes = b"") -> None:
        self._sock = sock
        self._received = received
        self._tls: TlsSession | Question | None = None
        self._parser = ReplyParser()
        self._lost: Silence | None = None
        self._deaf = False
        self._tcp = sock.family in (socket.AF_INET, socket.AF_INET6)
        self._quick = self._tcp and hasattr(socket, "TCP_QUICKACK")
        self._readable = _watcher(sock)
        if sock.gettimeout() != 0.0:
            sock.settimeout(0.0)
        self._pushed = 0
        self.local_address = ""
        """The address of this end; empty for a Unix socket."""
        if self._tcp:
            with contextlib.suppress(OSError):  # a connection that is dead already says so later
                self.local_address = str(sock.getsockname()[0])
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.trust = Trust.NONE

    @property
    def lost(self) -> Silence | None:
        """How the connection ended, if it has; the first reason is the true one."""
        return self._lost

    def send(
        self,
        parts: Sequence[bytes],
        wait: Callable[[], Deadline],
        told: Callable[[int, int], None] | None = None,
    ) -> int:
        """Sends all parts in as few writes as go, and returns how many of them left whole. `wait`
        says how long the next 16 kB may take, `told` hears how many octets of how many have left.
        A failure is kept and told by the next `hear`, which first reads what the server may have
        said before it hung up."""
        data = b"".join(parts)
        gone = 0
        try:
            while gone < len(data) and self._lost is None:
                piece = data[gone : gone + _RECORD]
                self._push(self._tls.seal(piece) if self._tls else piece, wait())
                gone += len(piece)
                if told is not None:
                    told(gone, len(data))
        except OSError as error:
            self._lose(_silence(error))
            # Of a TLS record that is not whole the server can read nothing.
            gone += 0 if self._tls else self._pushed
        if gone == len(data):
            return len(parts)
        return sum(end <= gone for end in accumulate(map(len, parts)))

    def hear(self, wait: Deadline) -> Heard:
        """The next reply, or what came instead of it by the end of the wait."""
        while True:
            reply = self._parser.take()
            if reply is not None:
                return reply
            if self._parser.overrun:
                return Silence(SilenceKind.CLOSED, detail="given up: too much data")
            if self._lost and not self._last_words():
                return Silence(self._lost.kind, self._rest(), self._lost.detail)
            silence = self._pull(wait)
            if silence is not None and silence.kind is SilenceKind.TIMEOUT:
                return Silence(silence.kind, self._parser.pending, silence.detail)

    def early(self) -> Reply | None:
        """A reply that came although nothing was asked, or the beginning of one: whatever is in
        the buffers at this moment."""
        self._look()
        return self._parser.take() or (self._parser.finish() if self._parser.waiting else None)

    def leftover(self) -> bytes:
        """What has come in clear behind the last reply; taken out of the buffer."""
        self._look()
        return self._parser.drain()

    def start_tls(self, session: TlsSession | Question, wait: Deadline, early: bytes = b"") -> None:
        """Runs the handshake until it is done or has failed; the session knows how it went.
        `early` has come already and is read as TLS, never as words."""
        self._parser = ReplyParser()
        self._tls = session
        try:
            self._push(session.start(), wait)
            if early:
                self._decrypt(early, wait)
            while session.state == "handshaking":
                self._decrypt(self._read(wait), wait)
        except OSError as error:
            late = isinstance(error, TimeoutError)
            session.failed_by("timeout" if late else "reset", "" if late else _words(error))
            if session.state == "open":  # our last flight did not get through
                self._lose(_silence(error))
        if session.verified:
            self.trust = Trust.VERIFIED
        elif session.state == "open":
            self.trust = Trust.OBSERVED
        if session.state != "open":
            # Nothing may be said in clear on a connection that was to be TLS.
            self._lose(Silence(SilenceKind.TLS, detail=session.failure))

    def tls_error(self) -> Json:
        """`error.*` of a TLS session that failed, also one that failed after its handshake: with
        TLS 1.3 a server says only then that it wants a client certificate."""
        return self._tls.handshake_facts().get("error") if self._tls else None

    @property
    def leaf(self) -> bytes:
        """The server's certificate in DER, as the handshake showed it; empty when none has come."""
        from smtpcheck.wire.tls import TlsSession

        return self._tls.leaf if isinstance(self._tls, TlsSession) else b""

    def binding(self, *, by_certificate: bool = False) -> ChannelBinding | None:
        """What a login can be tied to this connection with; None without TLS."""
        return self._tls.binding(by_certificate=by_certificate) if self._tls else None

    def close(self, last: bytes = b"") -> None:
        """Ends the connection without waiting for anything. `last`: what is said before, in one
        write with the end of TLS."""
        with contextlib.suppress(OSError):
            if self._tls and not self._lost:
                last = (self._tls.seal(last) if last else b"") + self._tls.close()
            if last and not self._lost:
                self._sock.send(last)
        self._sock.close()
        self._lose(Silence(SilenceKind.CLOSED, detail="closed at this end"))

    def _look(self) -> None:
        """Takes what is there at this moment, where nothing was taken yet. Asking first is cheaper
        than the exception of a read in vain, which is the rule."""
        idle = self._lost is None and not self._parser.waiting
        if idle and (self._received or self._readable(0.0)):
            self._pull(None)

    def _pull(self, wait: Deadline | None) -> Silence | None:
        """Reads once; without a wait, what is there. Returns the silence, if it is one."""
        try:
            data = self._read(wait)
            self._decrypt(data, wait)
        except OSError as error:
            silence = _silence(error)
            if silence.kind is not SilenceKind.TIMEOUT:
                self._lose(silence)
            return silence
        if not data:
            self._lose(Silence(SilenceKind.CLOSED))
        return self._lost

    def _decrypt(self, data: bytes, wait: Deadline | None) -> None:
        """Takes bytes of the socket through TLS, where it was started, to the parser."""
        if self._tls is None:
            self._parser.feed(data)
            return
        step = self._tls.receive(data)
        if step.plain:
            self._parser.feed(step.plain)  # first: what it said counts, though it may be gone
        if step.outgoing:
            self._push(step.outgoing, wait or Deadline(0.0))
        if step.state == "closed":
            self._lose(Silence(SilenceKind.CLOSED))
        elif step.state == "failed":
            self._lose(Silence(SilenceKind.TLS, detail=self._tls.failure))

    def _read(self, wait: Deadline | None) -> bytes:
        # A server that never stops talking must not keep us beyond the wait: there is always
        # something to read from it.
        left = wait.remaining() if wait is not None else None
        if left == 0.0:
            raise TimeoutError("timed out")
        if self._received:
            data, self._received = self._received, b""
            return data
        if left is not None:
            if self._quick:
                # Postfix holds a small reply behind its TLS 1.3 tickets until they are
                # acknowledged; a delayed ACK would cost 40 ms. The kernel resets the option.
                self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            if not self._readable(left):
                raise TimeoutError("timed out")
        try:
            return self._sock.recv(_CHUNK)
        except BlockingIOError:
            raise TimeoutError("timed out") from None

    def _push(self, data: bytes, wait: Deadline) -> None:
        self._pushed = 0
        while self._pushed < len(data):
            if self._pushed and wait.expired:
                raise TimeoutError("timed out")
            try:
                self._pushed += self._sock.send(data[self._pushed :])
            except BlockingIOError:
                if not _watcher(self._sock, write=True)(max(wait.remaining(), 0.001)):
                    raise TimeoutError("timed out") from None

    def _last_words(self) -> bool:
        """After a failed write: whether more of what the server had said could be read."""
        if self._deaf:
            return False
        data = b""
        with contextlib.suppress(OSError):
            data = self._read(None)
            self._decrypt(data, None)
        self._deaf = not data
        return bool(data)

    def _rest(self) -> bytes:
        rest = self._parser.finish()
        return rest.raw if rest else b""

    def _lose(self, silence: Silence) -> None:
        if self._lost is None:
            self._lost = silence


def _watcher(sock: socket.socket, *, write: bool = False) -> Callable[[float], bool]:
    """Tells whether the socket can be read or written within so many seconds. A timeout of the
    socket itself would be set anew before each call, with a call to the system of its own."""
    if not hasattr(select, "poll"):  # Windows
        to_read, to_write = ([], [sock]) if write else ([sock], [])
        return lambda seconds: any(select.select(to_read, to_write, [], seconds))
    poll = select.poll()
    poll.register(sock, select.POLLOUT if write else select.POLLIN)
    return lambda seconds: bool(poll.poll(seconds * 1000))


def _silence(error: OSError) -> Silence:
    words = _words(error)
    if isinstance(error, TimeoutError):
        return Silence(SilenceKind.TIMEOUT, detail=words)
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return Silence(SilenceKind.RESET, detail=words)
    return Silence(SilenceKind.CLOSED, detail=words)


def _words(error: OSError) -> str:
    return error.strerror or str(error)
