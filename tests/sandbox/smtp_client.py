"""A raw client for the sandbox: it says lines and hears whole replies."""

from __future__ import annotations

import base64
import re
import socket
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

_LAST = re.compile(rb"^\d{3}(?!-)[^\n]*\r\n\Z", re.MULTILINE)


class Client:
    """A connection to a server on loopback."""

    def __init__(self, port: int, ca_file: Path | None = None, host: str = "127.0.0.1") -> None:
        self.sock: socket.socket = socket.create_connection((host, port), 5)
        self._ca_file = ca_file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sock.close()

    def hear(self) -> str:
        """One reply, or what came of it before the end."""
        heard = b""
        while not _LAST.search(heard):
            more = self.sock.recv(65536)
            if not more:
                break
            heard += more
        return heard.decode()

    def say(self, *lines: str) -> str:
        """Says the lines in one packet and hears one reply (or several that came at once)."""
        self.sock.sendall("".join(f"{line}\r\n" for line in lines).encode())
        return self.hear()

    def secure(self) -> str:
        """Begins TLS and returns its version."""
        context = ssl.create_default_context(cafile=str(self._ca_file))
        tls = context.wrap_socket(self.sock, server_hostname="localhost")
        self.sock = tls
        return tls.version() or ""

    def starttls(self) -> str:
        """Greeting, EHLO, STARTTLS, handshake, EHLO; the last reply."""
        self.hear()
        self.say("EHLO client.test")
        assert self.say("STARTTLS").startswith("220 ")
        self.secure()
        return self.say("EHLO client.test")

    def login(self, user: str, password: str) -> str:
        """AUTH PLAIN with an initial response."""
        return self.say(f"AUTH PLAIN {b64(f'{chr(0)}{user}{chr(0)}{password}')}")


def b64(text: str) -> str:
    """Base64 of UTF-8."""
    return base64.b64encode(text.encode()).decode()
