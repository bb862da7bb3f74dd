"""An SMTP server with a real STARTTLS that treats what follows it in one of several ways."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CAREFUL = ("discards", "answers-in-clear", "answers-late", "refuses")
WAYS = (*_CAREFUL, "carries-in")


class StarttlsServer:
    """Serves every connection in a thread. `way`: what becomes of a command in the same packet as
    STARTTLS. `auth`: AUTH is offered before TLS. `mail`: the answer to MAIL before TLS."""

    def __init__(self, context: ssl.SSLContext, way: str, *, auth: bool, mail: str) -> None:
        assert way in WAYS
        self._context, self._way, self._auth, self._mail = context, way, auth, mail
        self.said: list[str] = []
        """Every line of every client, `TLS ` before what came inside it."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Ends the server; leaves no thread behind."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._acceptor, *self._threads):
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(5)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            sock.sendall(b"220 mail.example.test ESMTP\r\n")
            self._talk(sock, b"", inside="")

    def _talk(self, sock: socket.socket, buffer: bytes, inside: str) -> None:
        while True:
            while b"\r\n" not in buffer:
                data = sock.recv(4096)
                if not data:
                    return
                buffer += data
            line, _, buffer = buffer.partition(b"\r\n")
            words = line.decode("ascii", "replace")
            self.said.append(f"{inside}{words}")
            verb = words.split(" ")[0].upper()
            if verb == "STARTTLS" and buffer and self._way == "refuses":
                sock.sendall(b"554 5.5.1 Error: SMTP protocol synchronization\r\n")
                return
            if verb == "STARTTLS":
                sock.sendall(b"220 ready\r\n")
                if buffer and self._way == "answers-late":
                    sock.recv(4096)  # the ClientHello
                if buffer and self._way.startswith("answers"):
                    sock.sendall(b"250 2.0.0 Ok\r\n")
                    return
                kept = buffer if self._way == "carries-in" else b""
                with self._context.wrap_socket(sock, server_side=True) as tls:
                    self._talk(tls, kept, inside="TLS ")
                return
            sock.sendall(self._answer(verb, inside))
            if verb == "QUIT":
                return

    def _answer(self, verb: str, inside: str) -> bytes:
        if verb == "EHLO":
            more = ["AUTH PLAIN LOGIN"] if inside or self._auth else []
            more += [] if inside else ["STARTTLS"]
            lines = ["mail.example.test", "SIZE 1000", *more]
            return b"".join(
                f"250{' ' if n == len(lines) - 1 else '-'}{text}\r\n".encode()
                for n, text in enumerate(lines)
            )
        if verb == "MAIL" and not inside:
            return f"{self._mail}\r\n".encode()
        return {"QUIT": b"221 bye\r\n", "AUTH": b"235 ok\r\n"}.get(verb, b"250 2.0.0 Ok\r\n")


@contextmanager
def starttls_server(
    context: ssl.SSLContext,
    way: str = "discards",
    *,
    auth: bool = False,
    mail: str = "530 5.7.0 Must issue a STARTTLS command first",
) -> Iterator[StarttlsServer]:
    """A server that runs while the block does."""
    server = StarttlsServer(context, way, auth=auth, mail=mail)
    try:
        yield server
    finally:
        server.stop()
