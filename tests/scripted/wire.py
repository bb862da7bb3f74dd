"""The server's end of one connection: lines, TLS by memory buffers, every byte recorded."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import Protocol


class Record(Protocol):
    """Where received bytes go."""

    plain_received: bytearray
    handshake_received: bytearray
    tls_received: bytearray
    tls_version: str
    tls_error: str
    server_name: str


class Wire:
    """Blocking reads and writes, none of which outlasts the connection's time."""

    def __init__(
        self, sock: socket.socket, record: Record, limit: float, stopped: threading.Event
    ) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.drip = 0.0
        self._record = record
        self._end = time.monotonic() + limit
        self._stopped = stopped
        self._buffer = bytearray()
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()

    def send(self, data: bytes) -> None:
        """Sends all, or byte by byte when dripping."""
        if not self.drip:
            self._send(data)
            return
        for at in range(len(data)):
            self._send(data[at : at + 1])
            self.pause(self.drip)

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the server."""
        self._stopped.wait(min(seconds, max(0.0, self._end - time.monotonic())))

    def read_line(self) -> bytes | None:
        """The next line with its end, or None when the client has closed or time is up."""
        while b"\n" not in self._buffer:
            more = self._receive()
            if not more:
                return None
            self._buffer += more
        at = self._buffer.index(b"\n") + 1
        line = bytes(self._buffer[:at])
        del self._buffer[:at]
        return line

    def discard(self) -> None:
        """Throws away what is there and not yet read as a line."""
        self._buffer.clear()
        self.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, OSError):
            while self._take(self.sock.recv(65536)):
                pass
        self.sock.setblocking(True)

    def start_tls(self, context: ssl.SSLContext) -> bool:
        """Does the handshake as server; False when it failed (the record says why)."""

        def remember(_tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
            self._record.server_name = name or ""

        self._buffer.clear()
        context.sni_callback = remember
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                raw = self._recv_raw()
                if not raw:
                    self._record.tls_error = "the client closed during the handshake"
                    return False
                self._record.handshake_received += raw
                self._incoming.write(raw)
            except ssl.SSLError as error:
                self._record.tls_error = str(error)
                with contextlib.suppress(OSError):
                    self._flush()
                return False
        self._flush()
        self._tls = tls
        self._record.tls_version = tls.version() or ""
        return True

    def close_notify(self) -> None:
        """Ends TLS as RFC 8446 section 6.1 asks."""
        if self._tls is None:
            return
        with contextlib.suppress(ssl.SSLError, OSError):
            self._tls.unwrap()
        with contextlib.suppress(OSError):
            self._flush()

    def _send(self, data: bytes) -> None:
        self.sock.settimeout(max(0.01, self._end - time.monotonic()))
        if self._tls is None:
            self.sock.sendall(data)
            return
        self._tls.write(data)
        self._flush()

    def _flush(self) -> None:
        pending = self._outgoing.read()
        if pending:
            self.sock.sendall(pending)

    def _receive(self) -> bytes:
        """Clear bytes, as many as there are; empty at the end."""
        if self._tls is not None:
            held = self._decrypt()  # what came in one packet with the end of the handshake
            if held:
                return held
        while True:
            raw = self._recv_raw()
            if not raw:
                return b""
            clear = self._take(raw)
            if clear is None:
                return b""
            if clear:
                return clear

    def _take(self, raw: bytes) -> bytes | None:
        """The clear bytes of raw ones; None when TLS is over."""
        if self._tls is None:
            self._record.plain_received += raw
            return raw
        self._incoming.write(raw)
        return self._decrypt()

    def _decrypt(self) -> bytes | None:
        assert self._tls is not None
        clear = bytearray()
        try:
            while True:
                part = self._tls.read(65536)
                if not part:
                    return bytes(clear) or None
                clear += part
                self._record.tls_received += part
        except ssl.SSLWantReadError:
            with contextlib.suppress(OSError):
                self._flush()  # what TLS answers by itself, as to a second handshake
            return bytes(clear)
        except ssl.SSLError as error:
            self._record.tls_error = self._record.tls_error or str(error)
            return bytes(clear) or None

    def _recv_raw(self) -> bytes:
        left = self._end - time.monotonic()
        if left <= 0 or self._stopped.is_set():
            return b""
        self.sock.settimeout(left)
        try:
            return self.sock.recv(65536)
        except OSError:
            return b""
