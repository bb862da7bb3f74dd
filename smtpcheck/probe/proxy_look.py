"""What listens where a proxy is meant to be, asked in the first octets of other protocols.

A SOCKS hello is no line to a web proxy, which waits for its end: both sides would be silent until
the time is over. Each question is a connection of its own to the proxy's address, asks for no
server and holds no login.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from smtpcheck.probe.connect import Peer, connect
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.recorder import Recorder
from smtpcheck.wire.client_hello import Offer, client_hello
from smtpcheck.wire.tunnel import PROTOCOLS, speaks

PATIENCE = 3.0
"""Seconds: who has not answered the first octets by then is asked in other words; and what each
of these questions may take."""
_SUITES = (0x1301, 0x1302, 0x1303, 0xC02F, 0xC030, 0xC02B, 0xC02C, 0x009C, 0x002F)
_SOCKS_5_HELLO = b"\5\1\0"
_HTTP_REQUEST = b"OPTIONS * HTTP/1.0\r\n\r\n"


def look(kind: str, peer: Peer, recorder: Recorder, deadline: Deadline, *, source: str = "") -> str:
    """What is spoken there, other than the kind of proxy that was meant: a key of `PROTOCOLS`;
    empty where nothing was found out."""
    for name, octets in _questions(kind):
        wait = deadline.within(PATIENCE)
        if wait.expired:
            break
        recorder.note(
            f"does the proxy's address speak {PROTOCOLS[name]}? asked on a new connection"
        )
        found = speaks(_answer(peer, octets, wait, source))
        if found and not kind.startswith(found):
            recorder.note(f"the proxy's address speaks {PROTOCOLS[found]}")
            return found
    return ""


def _questions(kind: str) -> Iterator[tuple[str, bytes]]:
    if kind != "http":
        yield "http", _HTTP_REQUEST
    if kind != "socks5":
        yield "socks5", _SOCKS_5_HELLO
    yield "tls", client_hello(Offer(suites=_SUITES), os.urandom(32))


def _answer(peer: Peer, octets: bytes, wait: Deadline, source: str) -> bytes:
    """The first octets of the answer; none where there is none."""
    race = connect((peer,), wait, timeout=PATIENCE, source=source)
    race.settle(Deadline(0.0))
    if race.sock is None:
        return b""
    with race.sock as sock:
        try:
            sock.settimeout(max(wait.remaining(), 0.001))
            sock.sendall(octets)
            return sock.recv(64)
        except OSError:
            return b""
