"""An IMAP server in TLS that says what a test wants, each answer by the word of the command."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.pki import TestPki

Answer = Callable[[str, str], bytes]
"""From the tag and the rest of a command to all that is sent."""


@contextmanager
def imap_server(
    pki: TestPki, answers: dict[str, bytes], greeting: bytes = b"* OK ready\r\n"
) -> Iterator[tuple[int, list[bytes]]]:
    """Serves one session; gives the port, and the lines that came. In an answer `TAG` stands for
    the tag of the command; `+` alone waits for one more line first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain, key = pki.write("good")
    context.load_cert_chain(chain, key)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    heard: list[bytes] = []

    def serve() -> None:
        with (
            suppress(OSError),
            listener,
            context.wrap_socket(listener.accept()[0], server_side=True) as peer,
        ):
            peer.settimeout(10)
            peer.sendall(greeting)
            lines = peer.makefile("rb")
            for line in iter(lines.readline, b""):
                heard.append(line)
                tag, _, rest = line.decode("latin-1").strip().partition(" ")
                word = rest.partition(" ")[0].upper()
                if word == "UID":
                    word = rest.split(" ")[1].upper()
                if word == "AUTHENTICATE":
                    peer.sendall(b"+ \r\n")
                    heard.append(lines.readline())
                answer = answers.get(word, b"TAG OK done\r\n")
                peer.sendall(answer.replace(b"TAG", tag.encode()))
                if word == "LOGOUT":
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], heard
    thread.join(5)
