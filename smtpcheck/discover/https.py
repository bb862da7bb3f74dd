"""One bounded HTTPS request: verified TLS only, no cookie, no login, no way off the domain.

The answer is read whole, up to a limit, before anything of it is understood.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from typing import cast
from urllib.parse import urljoin, urlsplit

from smtpcheck import __version__
from smtpcheck.model.value import dataclass
from smtpcheck.probe.connect import Peer, connect
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.dns_stage import THIS_MACHINE, Sources, run_dns
from smtpcheck.wire.tls import TlsSession
from smtpcheck.wire.tls_context import TlsContext

LARGEST = 128 * 1024
"""Octets of an answer, head included; settings of real providers have some 5 kB."""
PATIENCE = 8.0
"""Seconds for one request with its redirects."""
REDIRECTS = 2
_PIECE = 65_536
_UNREACHED = {"refused": "nobody listens there", "timeout": "it did not answer in time"}
_MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What every request of one discovery shares."""

    context: TlsContext
    family: str = "any"
    """`any`, `ipv4` or `ipv6`."""
    resolver: str = ""
    port: int = 443
    """Of `https://` URLs that name none; tests listen elsewhere."""
    sources: Sources = THIS_MACHINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for."""

    url: str
    body: bytes = b""
    """With one it is a POST of XML, else a GET."""
    may_ask: Callable[[str], bool]
    """Whether a redirect may lead to this host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came back."""

    host: str
    status: int = 0
    """0: no answer of HTTP."""
    body: bytes = b""
    failure: str = ""
    """Why there is no page, in words; empty where there is one."""
    missing: bool = False
    """The host's name does not exist, or nobody listens: there is no such service."""
    asked: tuple[str, ...] = ()
    """The hosts that were sent the request inside verified TLS."""


def fetch(request: Request, way: Way, deadline: Deadline) -> Page:
    """The page, after at most two redirects to hosts that may be asked. Everything that goes
    wrong is a value."""
    limit = deadline.within(PATIENCE)
    url = request.url
    asked: tuple[str, ...] = ()
    for _ in range(REDIRECTS + 1):
        page, location = _once(url, request.body, way, limit)
        asked = (*asked, *page.asked)
        if not location:
            return replace(page, asked=asked)
        url, fault = _next(url, location, request.may_ask)
        if fault:
            return Page(host=page.host, status=page.status, failure=fault, asked=asked)
    return Page(host=page.host, failure="it redirects again and again", asked=asked)


def _next(url: str, location: str, may_ask: Callable[[str], bool]) -> tuple[str, str]:
    """Where a redirect leads, and why it is not followed; the reason is empty where it is."""
    try:
        url = urljoin(url, location)
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return url, "it redirects to no usable address"
    if parts.scheme != "https":
        return url, f"it redirects to {parts.scheme}://{host}, without TLS: not followed"
    if not url.isascii() or any(c <= " " for c in url) or parts.username is not None:
        return url, "it redirects to no usable address"
    if not may_ask(host):
        return url, f"it redirects to {host}, outside of the domain: not followed"
    return url, ""


def _once(url: str, body: bytes, way: Way, limit: Deadline) -> tuple[Page, str]:
    """One request, and where it redirects to."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or way.port
    if limit.expired:
        return Page(host=host, failure="no time was left to ask"), ""
    try:
        sock = _connected(host, port, way, limit)
        if isinstance(sock, Page):
            return sock, ""
        with sock:
            path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            authority = host if parts.port is None else f"{host}:{port}"
            return _exchanged(host, sock, _words(authority, path, body), way, limit)
    except OSError as error:
        late = isinstance(error, TimeoutError)
        words = "it did not answer in time" if late else error.strerror or str(error)
        return Page(host=host, failure=words), ""


def _connected(host: str, port: int, way: Way, limit: Deadline) -> socket.socket | Page:
    ran = run_dns(
        f"{host}.",  # the whole name: no search domain of this machine is the user's domain
        port,
        family=way.family,
        resolver=way.resolver,
        deadline=limit,
        timeout=limit.remaining(),
        started=lambda _step: None,
        ended=lambda _step: None,
        sources=way.sources,
    )
    peers = [Peer(each.family, each.address, port, each.scope) for each in ran.addresses]
    if not peers:
        told = next((s for s in ran.steps if s.facts.get("status") in ("nxdomain", "nodata")), None)
        failed = next((s.summary for s in ran.steps if s.outcome == "failed"), "no address")
        words = "there is no such host" if told else failed
        return Page(host=host, failure=words, missing=told is not None)
    race = connect(peers, limit, timeout=limit.remaining(), source="")
    race.settle(Deadline(0.0))
    if race.sock is None:
        error = race.facts()["error"]
        kind = str(error.get("kind", "")) if isinstance(error, dict) else ""
        failure = _UNREACHED.get(kind, f"it cannot be reached ({kind})")
        return Page(host=host, failure=failure, missing=kind == "refused")
    return race.sock


def _words(authority: str, path: str, body: bytes) -> bytes:
    """The request (RFC 9112 section 3); the connection is for this one alone."""
    lines = [
        f"{'POST' if body else 'GET'} {path} HTTP/1.1",
        f"Host: {authority}",
        f"User-Agent: smtpcheck/{__version__}",
        "Accept: text/xml, application/xml",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if body:
        lines += ["Content-Type: text/xml; charset=utf-8", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _exchanged(
    host: str, sock: socket.socket, words: bytes, way: Way, limit: Deadline
) -> tuple[Page, str]:
    session = TlsSession(way.context, host, now=datetime.now(UTC))
    _send(sock, session.start(), limit)
    while session.state == "handshaking":
        _send(sock, session.receive(_receive(sock, limit)).outgoing, limit)
    if not session.verified:
        return Page(host=host, failure=session.failure or "its certificate is not verified"), ""
    _send(sock, session.seal(words), limit)
    raw = bytearray()
    while session.state == "open" and not _whole(raw):
        step = session.receive(_receive(sock, limit))
        raw += step.plain
        _send(sock, step.outgoing, limit)
        if len(raw) > LARGEST:
            failure = f"it sends more than {LARGEST // 1024} kB"
            return Page(host=host, failure=failure, asked=(host,)), ""
    return _understood(host, bytes(raw))


def _receive(sock: socket.socket, limit: Deadline) -> bytes:
    if limit.expired:
        raise TimeoutError
    sock.settimeout(limit.remaining())
    try:
        return sock.recv(_PIECE)
    except ConnectionError:  # an end like any other: what has come may be whole
        return b""


def _send(sock: socket.socket, data: bytes, limit: Deadline) -> None:
    if data:
        sock.settimeout(max(limit.remaining(), 0.001))
        sock.sendall(data)


def _whole(raw: bytearray) -> bool:
    """Whether a server that does not hang up has said all that it announced."""
    head, blank, rest = bytes(raw).partition(b"\r\n\r\n")
    if not blank:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return len(value) < 12 and len(rest) >= int(value)
    return head[9:12] in (b"204", b"304")


class _Heard:
    """What has been read, where the standard library wants a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object, **__: object) -> BytesIO:
        return BytesIO(self._raw)


def _understood(host: str, raw: bytes) -> tuple[Page, str]:
    try:
        response = HTTPResponse(cast("socket.socket", _Heard(raw)))
        response.begin()
        body = response.read()
    except (HTTPException, ValueError, OverflowError):  # of a length beyond all numbers
        failure = "it closed the connection" if not raw else "its answer is no whole answer of HTTP"
        return Page(host=host, failure=failure, asked=(host,)), ""
    location = response.getheader("Location", "") if response.status in _MOVED else ""
    return Page(host=host, status=response.status, body=body, asked=(host,)), location
