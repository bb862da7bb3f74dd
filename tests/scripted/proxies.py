"""Proxies on loopback: honest ones that lead on to a server, and hostile ones of raw octets."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

LIMIT = 8.0
"""Seconds that any one wait of a proxy may take."""


@dataclass(slots=True)
class Met:
    """What the clients of a proxy said."""

    port: int = 0
    said: list[bytearray] = field(default_factory=list)
    """By connection, what came before the way was open."""

    @property
    def received(self) -> bytes:
        """All of it."""
        return b"".join(bytes(each) for each in self.said)


class Client:
    """One connection to a proxy, as its play sees it."""

    def __init__(self, sock: socket.socket, log: bytearray) -> None:
        self.sock = sock
        self.log = log
        sock.settimeout(LIMIT)

    def read(self, size: int) -> bytes:
        """Exactly so many octets; ConnectionError when the client has left."""
        data = b""
        while len(data) < size:
            piece = self.sock.recv(size - len(data))
            if not piece:
                raise ConnectionError
            data += piece
            self.log += piece
        return data

    def head(self) -> bytes:
        """The head of an HTTP request."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += self.read(1)
        return data

    def say(self, data: bytes) -> None:
        """Octets, as they are."""
        self.sock.sendall(data)

    def reset(self) -> None:
        """Ends the connection as a crashed host does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def hang(self) -> None:
        """Says nothing until the client leaves."""
        with contextlib.suppress(OSError):
            while self.sock.recv(4096):
                pass

    def lead_to(self, port: int, before: bytes = b"") -> None:
        """Octets to and fro; `before` goes out in one write with the server's first words."""
        with socket.create_connection(("127.0.0.1", port), LIMIT) as server:
            server.settimeout(LIMIT)
            if before:
                self.say(before + server.recv(4096))
            back = threading.Thread(target=_pump, args=(server, self.sock), daemon=True)
            back.start()
            _pump(self.sock, server)
            back.join(LIMIT)


Play = Callable[[Client], None]


class ScriptedProxy:
    """Plays to every client, each in a thread of its own; a context manager. It listens from the
    moment it is made, in the network namespace of who makes it."""

    def __init__(self, play: Play, hosts: Sequence[str] = ("127.0.0.1",)) -> None:
        self._met = Met()
        self._live: list[socket.socket] = []
        self._listeners: list[socket.socket] = []
        self._acceptors: list[threading.Thread] = []
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = socket.create_server((host, self._met.port), family=family)
            self._met.port = listener.getsockname()[1]
            acceptor = threading.Thread(
                target=_accept, args=(listener, play, self._met, self._live), daemon=True
            )
            acceptor.start()
            self._listeners.append(listener)
            self._acceptors.append(acceptor)

    def __enter__(self) -> Met:
        return self._met

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        for acceptor in self._acceptors:
            acceptor.join(LIMIT)
        for each in (*self._listeners, *self._live):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for listener in self._listeners:
            listener.close()


def socks5(port: int, *, login: bytes = b"", code: int = 0) -> Play:
    """A SOCKS 5 proxy that leads every request to this port; `login` is `user:password`."""

    def play(client: Client) -> None:
        client.read(client.read(2)[1])
        client.say(b"\5\2" if login else b"\5\0")
        if login:
            user = client.read(client.read(2)[1])
            word = client.read(client.read(1)[0])
            good = user + b":" + word == login
            client.say(b"\1\0" if good else b"\1\1")
            if not good:
                return
        kind = client.read(4)[3]
        client.read({1: 4, 4: 16}.get(kind) or client.read(1)[0])
        client.read(2)
        client.say(bytes([5, code, 0, 1]) + bytes(6))
        if code == 0:
            client.lead_to(port)

    return play


def socks4(port: int, code: int = 90) -> Play:
    """A SOCKS 4 and 4a proxy that leads every request to this port."""

    def play(client: Client) -> None:
        address = client.read(8)[4:]
        while client.read(1) != b"\0":
            pass
        if address[:3] == b"\0\0\0":
            while client.read(1) != b"\0":
                pass
        client.say(bytes([0, code]) + bytes(6))
        if code == 90:
            client.lead_to(port)

    return play


def http(port: int, *, answer: bytes = b"", eager: bool = False) -> Play:
    """An HTTP proxy that leads every CONNECT to this port, or answers so; an eager one sends the
    server's greeting in one write with its own answer."""

    def play(client: Client) -> None:
        client.head()
        if answer:
            client.say(answer)
            return
        success = b"HTTP/1.1 200 Connection established\r\n\r\n"
        if not eager:
            client.say(success)
        client.lead_to(port, success if eager else b"")

    return play


def after_hello(then: Play) -> Play:
    """A SOCKS 5 proxy up to the request."""

    def play(client: Client) -> None:
        client.read(3)
        client.say(b"\5\0")
        client.read(10)
        then(client)

    return play


def silent(client: Client) -> None:
    """A proxy that takes connections and says nothing."""
    client.hang()


def _accept(listener: socket.socket, play: Play, met: Met, live: list[socket.socket]) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        log = bytearray()
        met.said.append(log)
        live.append(sock)
        threading.Thread(target=_serve, args=(play, sock, log), daemon=True).start()


def _serve(play: Play, sock: socket.socket, log: bytearray) -> None:
    with contextlib.suppress(OSError), sock:
        play(Client(sock, log))


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
