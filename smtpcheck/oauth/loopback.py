"""The address on this machine to which the browser comes back (RFC 8252 section 7.3)."""

from __future__ import annotations

import socket
from contextlib import suppress
from hmac import compare_digest
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from smtpcheck.oauth.http import Clock
from smtpcheck.oauth.refusal import nobody, unreachable

_LARGEST = 16_384
_PATIENCE = 2.0
"""Seconds for one request: browsers open connections that they never use."""
_MOST = 200
"""Requests that are looked at; more is somebody who tries."""
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>smtpcheck</title>"
    "<p>{words} You can close this page and go back to the terminal."
)


class Loopback:
    """Listens on 127.0.0.1 at a free port, for one answer."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=8)
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def wait(self, state: str, clock: Clock) -> dict[str, str]:
        """The parameters of the one request that carries `state` with a code or an error. What
        else comes is turned away. Raises TokenUnavailableError when the time is over."""
        for _ in range(_MOST):
            self._socket.settimeout(max(0.001, clock.remaining()))
            try:
                browser, _address = self._socket.accept()
            except TimeoutError:
                raise nobody() from None
            with browser, suppress(OSError):
                browser.settimeout(min(_PATIENCE, max(0.001, clock.remaining())))
                answer = _parameters(_request(browser))
                fits = compare_digest(answer.get("state", "").encode(), state.encode())
                if fits and ("code" in answer or "error" in answer):
                    words = "You are signed in." if "code" in answer else "The sign-in failed."
                    _reply(browser, "200 OK", words)
                    return answer
                _reply(browser, "404 Not Found", "This is not the answer of a sign-in.")
        raise unreachable("the browser never came back with the answer of this sign-in")


def _request(browser: socket.socket) -> bytes:
    """The head of a request, or what came of it."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _LARGEST:
        piece = browser.recv(4_096)
        if not piece:
            break
        head += piece
    return head


def _parameters(head: bytes) -> dict[str, str]:
    """The parameters of a GET; none where it is something else."""
    method, _, rest = head.split(b"\r\n", 1)[0].decode("ascii", "replace").partition(" ")
    path, _, version = rest.rpartition(" ")
    if method != "GET" or not version.startswith("HTTP/1.") or b"\r\n\r\n" not in head:
        return {}
    try:
        found = parse_qs(urlsplit(path).query, max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _reply(browser: socket.socket, status: str, words: str) -> None:
    page = _PAGE.format(words=words).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(page)}\r\nContent-Security-Policy: default-src 'none'\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    # The browser may be gone already; its answer counts all the same.
    with suppress(OSError):
        browser.sendall(head.encode() + page)
