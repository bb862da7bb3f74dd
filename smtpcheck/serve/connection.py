"""HTTP/1.1 on one connection (RFC 9112), within bounds of time and size.

h11 reads and writes the octets; here is when, and for how long. A client that sends its request
drop by drop has as much time for all of it as any other.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qsl

import h11

from smtpcheck.model.value import dataclass
from smtpcheck.serve.message import Request, Response, plain

Answer = Callable[[Request], Response]

_READ = 16_384
_FIELDS = 32
"""Parameters of one query."""
_OCTETS_OF_PATH = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one connection may cost. Seconds and octets."""

    request: float = 10.0
    """For the whole of a request from its first octet on; the first one from the start."""
    idle: float = 75.0
    """Between two requests."""
    write: float = 10.0
    """For one answer to be taken."""
    head: int = 16_384
    body: int = 65_536


class _RefusedError(Exception):
    """The request cannot be read; this is the answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Connection:
    """One client. `answer` gives the response to a request; what it raises is not caught.
    `busy`: entered for each request until its answer was written."""

    def __init__(
        self,
        sock: socket.socket,
        answer: Answer,
        *,
        bounds: Bounds,
        stays: Callable[[], bool],
        busy: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._sock = sock
        self._answer = answer
        self._bounds = bounds
        self._stays = stays
        self._busy = busy
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=bounds.head)
        self._end = 0.0

    def serve(self) -> None:
        """Answers requests until one side has had enough. Raises OSError where the client is
        gone."""
        self._end = time.monotonic() + self._bounds.request
        while True:
            try:
                request = self._next_request()
            except _RefusedError as refused:
                self._refuse(refused.response)
                return
            except TimeoutError:
                return
            if request is None:
                return
            with self._busy():
                self._send(request.method, self._answer(request))
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()
            self._end = 0.0

    def _next_request(self) -> Request | None:
        """The next whole request; None at the end of the connection. What its body holds is
        nobody's business here. Raises TimeoutError."""
        head: h11.Request | None = None
        size = 0
        while True:
            event = self._next_event()
            if isinstance(event, h11.ConnectionClosed):
                return None
            if isinstance(event, h11.Request):
                head = event
                if self._http.they_are_waiting_for_100_continue:
                    raise _RefusedError(plain(413, "no page of this exporter takes a body"))
            if isinstance(event, h11.Data):
                size += len(event.data)
                if size > self._bounds.body:
                    raise _RefusedError(plain(413, "no page of this exporter takes such a body"))
            if isinstance(event, h11.EndOfMessage) and head is not None:
                return _request(head)

    def _next_event(self) -> object:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                status = max(400, error.error_status_hint)
                raise _RefusedError(plain(status, "this is no HTTP/1.1 request")) from None
            if event is h11.PAUSED:
                raise _RefusedError(plain(400, "this is no HTTP/1.1 request"))
            if event is not h11.NEED_DATA:
                return event
            self._http.receive_data(self._receive())

    def _receive(self) -> bytes:
        """Raises TimeoutError."""
        if self._end:
            left = self._end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
            return self._sock.recv(_READ)
        self._sock.settimeout(self._bounds.idle)
        data = self._sock.recv(_READ)
        self._end = time.monotonic() + self._bounds.request
        return data

    def _send(self, method: str, response: Response) -> None:
        headers = [
            ("Date", formatdate(usegmt=True)),
            ("Content-Type", response.content_type),
            ("Content-Length", str(len(response.body))),
            ("X-Content-Type-Options", "nosniff"),
            *((name, value) for name, value in response.headers.items()),
        ]
        if not self._stays():
            headers.append(("Connection", "close"))
        reason = HTTPStatus(response.status).phrase
        head = h11.Response(status_code=response.status, headers=headers, reason=reason)
        octets = [self._http.send(head)]
        if method != "HEAD" and response.body:
            octets.append(self._http.send(h11.Data(data=response.body)))
        octets.append(self._http.send(h11.EndOfMessage()))
        self._sock.settimeout(self._bounds.write)
        self._sock.sendall(b"".join(each or b"" for each in octets))

    def _refuse(self, response: Response) -> None:
        """Says why, and lets the answer arrive: closing with unread octets would take it back."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        with suppress(OSError, h11.LocalProtocolError):
            self._send(
                "GET",
                Response(
                    response.status, response.body, response.content_type, {"Connection": "close"}
                ),
            )
            self._sock.shutdown(socket.SHUT_WR)
            end = time.monotonic() + 1.0
            while (left := end - time.monotonic()) > 0:
                self._sock.settimeout(left)
                if not self._sock.recv(_READ):
                    return


def _request(head: h11.Request) -> Request:
    """Raises _RefusedError for a target that is none of a server (RFC 9112 section 3.2.1)."""
    target = head.target.decode("ascii", "backslashreplace")
    if not target.startswith("/") or len(target) > _OCTETS_OF_PATH:
        raise _RefusedError(plain(400, "this exporter answers for paths of its own alone"))
    path, _, text = target.partition("?")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise _RefusedError(plain(400, "the query has too many parameters")) from None
    query: dict[str, str] = {}
    for name, value in pairs:
        query.setdefault(name, value)
    headers = {
        name.decode("ascii", "replace"): value.decode("latin-1") for name, value in head.headers
    }
    return Request(head.method.decode("ascii", "replace"), path, query, headers)
