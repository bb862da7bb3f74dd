"""A small SMTP server at every address of 127.0.0.0/8, which behaves as each address is told to."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Self

HANG, REFUSE, RESET, SERVE = "hang", "refuse", "reset", "serve"
_WORK = 0.01
"""Seconds that the answer to EHLO takes."""
_LIMIT = 60.0
"""Seconds that a conversation may take."""


class ManyHosts:
    """Serves from the moment it is made; a context manager. `behave` says of an address what a
    client meets there: silence, a greeting of 554, a reset, or a server that takes `canary` as the
    only password. It counts clients, at once and in all, and tries to log in."""

    def __init__(self, behave: Callable[[str], str] = lambda _address: SERVE) -> None:
        self._behave = behave
        self._listener = socket.create_server(("0.0.0.0", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        """By address, the most clients at one time that waited for the answer to EHLO."""
        self.most_in_all = 0
        self.connections: Counter[str] = Counter()
        self.logins: Counter[str] = Counter()
        self._live: set[socket.socket] = set()
        self._counted: set[socket.socket] = set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(10)
        with self._lock:
            for each in self._live:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        address = client.getsockname()[0]
        with self._lock:
            self._live.add(client)
            self._counted.add(client)
            self._now[address] += 1
            self.connections[address] += 1
            self.most[address] = max(self.most[address], self._now[address])
            self.most_in_all = max(self.most_in_all, self._now.total())
        try:
            client.settimeout(_LIMIT)
            with suppress(OSError):
                self._play(client, address)
        finally:
            self._count_off(client, address)
            with self._lock:
                self._live.discard(client)
            client.close()

    def _count_off(self, client: socket.socket, address: str) -> None:
        with self._lock:
            if client in self._counted:
                self._counted.remove(client)
                self._now[address] -= 1

    def _play(self, client: socket.socket, address: str) -> None:
        match self._behave(address):
            case "hang":
                while client.recv(4096):
                    pass
            case "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "refuse":
                client.sendall(b"554 5.7.1 no service for you\r\n")
            case _:
                self._talk(client, address)

    def _talk(self, client: socket.socket, address: str) -> None:
        client.sendall(b"220 many.example.test ESMTP\r\n")
        with client.makefile("rb") as lines:
            for line in lines:
                verb = line[:4].upper()
                if verb == b"AUTH":
                    self.logins[address] += 1
                    good = line.rstrip().endswith(b"AGJvYgBjYW5hcnk=")  # bob, canary
                    client.sendall(b"235 2.7.0 ok\r\n" if good else b"535 5.7.8 wrong\r\n")
                elif verb == b"EHLO":
                    time.sleep(_WORK)
                    # Behind this answer a client may leave, and its next come before we see it.
                    self._count_off(client, address)
                    client.sendall(b"250-many.example.test\r\n250-AUTH PLAIN\r\n250 SIZE 1000\r\n")
                elif verb == b"QUIT":
                    client.sendall(b"221 2.0.0 bye\r\n")
                    return
                else:
                    client.sendall(b"250 2.0.0 ok\r\n")


def address_of(number: int) -> str:
    """The n-th address of 127.0.0.0/8 that no other test uses."""
    return f"127.{64 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
