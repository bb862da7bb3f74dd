"""A web server of MTA-STS policies, as it should be and otherwise."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """What the web server answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    drip: float = 0.0
    """Seconds between two octets of the body; at most 200 are sent."""


@contextmanager
def policy_server(context: ssl.SSLContext, page: Page) -> Iterator[int]:
    """An HTTPS server on loopback that answers every request with the page; yields its port."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(page.status)
            for name, value in (page.headers or {"Content-Type": "text/plain"}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self._send()

        def _send(self) -> None:
            if not page.drip:
                self.wfile.write(page.body)
                return
            for octet in page.body[:200]:
                try:
                    self.wfile.write(bytes([octet]))
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(page.drip)

        def log_message(self, *_: Any) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            return  # a client that refuses the certificate, or goes away

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def policy(mx: Sequence[str], *, mode: str = "enforce", max_age: int = 1_209_600) -> bytes:
    """A policy that names these hosts."""
    hosts = "".join(f"mx: {each}\r\n" for each in mx)
    return f"version: STSv1\r\nmode: {mode}\r\n{hosts}max_age: {max_age}\r\n".encode()
