"""Takes connections: a thread each, as many as there is room for."""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from smtpcheck.model.value import dataclass
from smtpcheck.serve.connection import Answer, Bounds, Connection
from smtpcheck.serve.message import Request, Response, plain

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
    b"Connection: close\r\n\r\n"
)
_PAUSE = 0.1
"""Seconds to wait when the system has no more descriptors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the server asks about a connection."""

    answer: Answer
    tls: Callable[[], ssl.SSLContext | None]
    """The context for the next connection; None: without TLS."""
    allowed: Callable[[ssl.SSLSocket], bool]
    """Whether this client's certificate may come in."""
    fault: Callable[[Exception], None]
    """Takes a defect of ours."""
    turned_away: Callable[[], None]
    """Called for each connection for which there is no room."""


class Server:
    """Serves until it is stopped. All threads are daemons."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        door: Door,
        *,
        most: int,
        bounds: Bounds | None = None,
    ) -> None:
        self._listeners = listeners
        self._door = door
        self._most = most
        self._bounds = bounds or Bounds()
        self._changed = threading.Condition()
        self._open = 0
        self._busy = 0
        self._stopping = False
        self._wake, self._woken = socket.socketpair()
        self._accepting: threading.Thread | None = None

    @property
    def open_connections(self) -> int:
        """How many there are."""
        return self._open

    def start(self) -> None:
        """Begins to take connections, and returns at once."""
        self._accepting = threading.Thread(target=self._accept, name="accept", daemon=True)
        self._accepting.start()

    def stop(self, grace: float) -> bool:
        """Takes no more connections, and waits so many seconds for the requests that run. Returns
        whether all came to their end."""
        self._stopping = True
        with suppress(OSError):
            self._wake.send(b"x")
        if self._accepting is not None:
            self._accepting.join()
        with self._changed:
            return self._changed.wait_for(lambda: self._busy == 0, timeout=grace)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            for each in self._listeners:
                selector.register(each, selectors.EVENT_READ)
            while not self._stopping:
                for key, _ in selector.select():
                    if isinstance(key.fileobj, socket.socket) and key.fileobj is not self._woken:
                        self._take(key.fileobj)
        for each in (*self._listeners, self._wake, self._woken):
            each.close()

    def _take(self, listener: socket.socket) -> None:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            time.sleep(_PAUSE)
            return
        with self._changed:
            full = self._open >= self._most
            self._open += not full
        if full:
            self._door.turned_away()
            with suppress(OSError), sock:
                sock.settimeout(0)
                sock.send(_FULL)
            return
        try:
            threading.Thread(target=self._serve, args=(sock,), name="serve", daemon=True).start()
        except RuntimeError:  # the system has no more threads
            self._left(sock)

    def _serve(self, sock: socket.socket) -> None:
        try:
            self._converse(sock)
        except OSError:
            pass  # the client is gone, or speaks no TLS
        except Exception as error:  # noqa: BLE001 - a defect ends this connection alone
            self._door.fault(error)
        finally:
            self._left(sock)

    def _converse(self, plain_sock: socket.socket) -> None:
        sock = plain_sock
        sock.settimeout(self._bounds.request)
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = self._door.tls()
        if context is not None:
            sock = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            try:
                sock.do_handshake()
                if not self._door.allowed(sock):
                    return
                self._talk(sock)
            finally:
                sock.close()  # the plain socket was detached
        else:
            self._talk(sock)

    def _talk(self, sock: socket.socket) -> None:
        Connection(
            sock, self._answer, bounds=self._bounds, stays=self._stays, busy=self._request
        ).serve()

    def _stays(self) -> bool:
        """Whether a connection may wait for another request: not when there is little room."""
        return not self._stopping and self._open * 2 <= self._most

    @contextmanager
    def _request(self) -> Iterator[None]:
        """A request runs until its answer was written: an exporter that ends owes it too."""
        with self._changed:
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _answer(self, request: Request) -> Response:
        try:
            return self._door.answer(request)
        except Exception as error:  # noqa: BLE001 - told to who asked, and to the log
            self._door.fault(error)
            return plain(500, "this is a defect of smtpcheck; its log has more")

    def _left(self, sock: socket.socket) -> None:
        with suppress(OSError):
            sock.close()
        with self._changed:
            self._open -= 1
