"""The server's end of one connection: lines in, replies out, TLS from some moment on."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from typing import Any

_CHUNK = 65536
_LINGER = 0.5
_CN = "commonName"


class GoneError(Exception):
    """The conversation is over: the client has left, or the sandbox is stopping."""


class IdleError(Exception):
    """The client has said nothing for too long."""


class LineTooLongError(Exception):
    """A line was longer than allowed; it has been read to its end."""


class Channel:
    """Blocking reads and writes, each bounded by `idle` seconds. Replies are held back while
    more commands are waiting, so that a pipelined group is answered in one packet (RFC 2920)."""

    def __init__(self, sock: socket.socket, idle: float) -> None:
        self._sock = sock
        self._idle = idle
        self._buffer = bytearray()
        self._replies = bytearray()
        sock.settimeout(idle)
        with contextlib.suppress(OSError):  # a Unix socket, or a client that is gone already
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read_line(self, limit: int) -> bytes:
        """The next line without its end. Raises LineTooLongError past `limit` octets, IdleError,
        GoneError."""
        too_long = False
        while (at := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > limit:
                too_long = True
                self._buffer.clear()
            self._fill()
        line = bytes(self._buffer[:at])
        del self._buffer[: at + 1]
        if too_long or len(line) > limit:
            raise LineTooLongError
        return line.removesuffix(b"\r")

    def read_message(self, limit: int) -> tuple[bytes, bool]:
        """A message up to the dot (RFC 5321 section 4.1.1.4), the dots unstuffed, and whether it
        was larger than `limit` octets; what is too large is read and thrown away. Only CR LF
        ends a line (section 2.3.8). Raises IdleError, GoneError."""
        raw = bytearray(b"\r\n")
        too_large = False
        searched = 0
        while True:
            raw += self._buffer
            self._buffer.clear()
            at = raw.find(b"\r\n.\r\n", searched)
            if at >= 0:
                break
            if len(raw) > limit + 2:
                too_large = True
                del raw[:-4]
            searched = max(0, len(raw) - 4)
            self._fill()
        self._buffer += raw[at + 5 :]
        del raw[at + 2 :]
        if too_large or len(raw) > limit + 2:
            return b"", True
        return bytes(raw.replace(b"\r\n.", b"\r\n")[2:]), False

    def read_octets(self, count: int, keep: int) -> bytes:
        """So many octets, whatever they are (RFC 3030); of more than `keep` nothing is kept.
        Raises IdleError, GoneError."""
        raw = bytearray()
        left = count
        while True:
            piece = self._buffer[:left]
            del self._buffer[:left]
            left -= len(piece)
            if count <= keep:
                raw += piece
            if not left:
                return bytes(raw)
            self._fill()

    def reply(self, data: bytes) -> None:
        """Queues a reply; it leaves before the next wait."""
        self._replies += data

    def flush(self) -> None:
        """Sends what is queued. Raises GoneError."""
        if not self._replies:
            return
        data = bytes(self._replies)
        self._replies.clear()
        try:
            self._sock.sendall(data)
        except (OSError, ValueError) as error:
            raise GoneError(f"the client has gone: {error}") from error

    def start_tls(self, context: ssl.SSLContext) -> str:
        """Does the handshake as server and returns the TLS version. What came in clear before it
        is thrown away (RFC 3207 section 4.2). Raises GoneError with the library's words."""
        self.flush()
        self._buffer.clear()
        try:
            tls = context.wrap_socket(self._sock, server_side=True, do_handshake_on_connect=False)
            self._sock = tls  # before the handshake, so that `abort` reaches it
            tls.do_handshake()
            return tls.version() or ""
        except TimeoutError as error:
            raise GoneError("the TLS handshake took too long") from error
        except (OSError, ValueError) as error:
            raise GoneError(f"the TLS handshake failed: {_reason(error)}") from error

    @property
    def certificate_user(self) -> str:
        """The common name of the client certificate; empty without one."""
        if not isinstance(self._sock, ssl.SSLSocket):
            return ""
        shown: dict[str, Any] = self._sock.getpeercert() or {}
        parts = [part for group in shown.get("subject", ()) for part in group]
        return next((str(value) for name, value in parts if name == _CN), "")

    @property
    def tls_unique(self) -> bytes:
        """The channel binding of that name, which TLS 1.3 does not define; empty without one."""
        if not isinstance(self._sock, ssl.SSLSocket) or self._sock.version() == "TLSv1.3":
            return b""
        return self._sock.get_channel_binding("tls-unique") or b""

    def wait_until_gone(self) -> None:
        """Says nothing, hears nothing, ends when the client does. Raises GoneError."""
        self._replies.clear()
        try:
            while True:
                self._fill()
                self._buffer.clear()
        except IdleError:
            raise GoneError("idle for too long") from None

    def reset(self) -> None:
        """Ends the connection by RST."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def close(self) -> None:
        """Ends TLS and the connection in an orderly way: the last reply is not lost because
        something unread was still waiting here."""
        with contextlib.suppress(GoneError):
            self.flush()
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self._sock, ssl.SSLSocket):
                self._sock.settimeout(0)  # send close_notify, do not wait for the client's
                with contextlib.suppress(OSError, ValueError):
                    self._sock.unwrap()
            self._sock.settimeout(_LINGER)
            socket.socket.shutdown(self._sock, socket.SHUT_WR)
            for _ in range(64):
                if not socket.socket.recv(self._sock, _CHUNK):
                    break
        self._sock.close()

    def abort(self) -> None:
        """Wakes whoever reads here; may be called from another thread."""
        with contextlib.suppress(OSError):
            # SSLSocket.shutdown would pull the TLS object away from under the reader.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def _fill(self) -> None:
        self.flush()
        try:
            more = self._sock.recv(_CHUNK)
        except TimeoutError as error:
            raise IdleError from error
        except (OSError, ValueError) as error:
            raise GoneError(f"the connection broke: {_reason(error)}") from error
        if not more:
            raise GoneError("")
        self._buffer += more


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else str(error)
