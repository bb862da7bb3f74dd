"""A link's bounds and its account of what was sent, on a pair of sockets."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Literal

import pytest

from smtpcheck.model.reply import Defect, Reply, Silence, SilenceKind
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.link import Link, Trust
from smtpcheck.wire.tls import Step, TlsSession
from smtpcheck.wire.tls_context import LocalTlsFault, TlsPolicy, make_context
from tests.pki import TestPki

SOON = 0.3


@pytest.fixture
def pair() -> Iterator[tuple[Link, socket.socket]]:
    """A link, and the server's end of it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    server.settimeout(5)
    link = Link(client)
    yield link, server
    link.close()
    server.close()


def soon() -> Deadline:
    return Deadline(SOON)


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class ChattyTls(TlsSession):
    """TLS whose records never carry anything, as tickets and empty records do not."""

    def __init__(self, state: Literal["handshaking", "open"]) -> None:
        self._fixed: Literal["handshaking", "open"] = state
        self.why = ""

    @property
    def state(self) -> Literal["handshaking", "open"]:
        return self._fixed

    @property
    def verified(self) -> bool:
        return False

    @property
    def failure(self) -> str:
        return self.why

    def start(self) -> bytes:
        return b"hello"

    def receive(self, data: bytes) -> Step:
        return Step(b"", b"", self._fixed)

    def failed_by(self, kind: Literal["timeout", "reset", "closed"], detail: str) -> None:
        self.why = kind

    def close(self) -> bytes:
        return b""


@contextlib.contextmanager
def flooding(sock: socket.socket) -> Iterator[None]:
    """Somebody writes to the socket without an end."""
    over = threading.Event()

    def write() -> None:
        sock.settimeout(0.1)
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                try:
                    sock.send(b"\x17\x03\x03\x00\x11" + b"x" * 60_000)
                except OSError:
                    return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5)


def test_records_without_content_do_not_extend_the_wait_for_a_reply(
    pair: tuple[Link, socket.socket],
) -> None:
    link, server = pair
    link.start_tls(ChattyTls("open"), soon())
    with flooding(server):
        began = time.monotonic()
        heard = link.hear(soon())
        took = time.monotonic() - began
    assert isinstance(heard, Silence)
    assert heard.kind is SilenceKind.TIMEOUT
    assert SOON - 0.05 < took < SOON + 0.5


def test_a_handshake_that_never_ends_ends_in_time(pair: tuple[Link, socket.socket]) -> None:
    link, server = pair
    tls = ChattyTls("handshaking")
    with flooding(server):
        began = time.monotonic()
        link.start_tls(tls, soon())
        took = time.monotonic() - began
    assert took < SOON + 0.5
    assert tls.why == "timeout"
    assert link.trust is Trust.NONE
    assert link.lost is not None
    assert link.send([b"EHLO x\r\n"], soon) == 0


def test_a_peer_that_never_reads_is_given_up_in_time(pair: tuple[Link, socket.socket]) -> None:
    link, _ = pair
    began = time.monotonic()
    left = link.send([b"x" * 1_000, b"y" * 20_000_000, b"z"], soon)
    assert left == 1
    heard = link.hear(soon())
    assert isinstance(heard, Silence)
    assert heard.kind is SilenceKind.TIMEOUT
    assert SOON - 0.05 < time.monotonic() - began < 4 * SOON


def test_a_peer_that_reads_slowly_has_the_wait_for_each_piece(
    pair: tuple[Link, socket.socket],
) -> None:
    link, server = pair
    data = b"x" * 8_000_000
    got = bytearray()

    def read() -> None:
        while len(got) < len(data):
            got.extend(server.recv(1_000_000))
            time.sleep(SOON / 4)

    reader = threading.Thread(target=read)
    reader.start()
    assert link.send([data], soon) == 1
    reader.join(10)
    assert bytes(got) == data


def test_what_is_said_last_is_heard_although_a_write_failed(
    pair: tuple[Link, socket.socket],
) -> None:
    link, server = pair
    server.sendall(b"421 4.3.2 going down\r\n")
    server.close()
    while link.send([b"NOOP\r\n"], soon):
        time.sleep(0.01)
    heard = link.hear(soon())
    assert isinstance(heard, Reply)
    assert heard.code == 421
    assert isinstance(link.hear(soon()), Silence)


def test_a_reset_is_told_from_a_close(pair: tuple[Link, socket.socket]) -> None:
    link, server = pair
    reset(server)
    heard = link.hear(soon())
    assert isinstance(heard, Silence)
    assert heard.kind is SilenceKind.RESET


def test_half_a_reply_before_a_close_is_kept(pair: tuple[Link, socket.socket]) -> None:
    link, server = pair
    server.sendall(b"421 going do")
    server.close()
    heard = link.hear(soon())
    assert isinstance(heard, Silence)
    assert (heard.kind, heard.partial) == (SilenceKind.CLOSED, b"421 going do")


def test_half_a_reply_that_nobody_asked_for_is_seen(pair: tuple[Link, socket.socket]) -> None:
    link, server = pair
    assert link.early() is None
    server.sendall(b"250 alr")
    time.sleep(0.05)
    early = link.early()
    assert early is not None
    assert Defect.UNFINISHED in early.defects


def test_a_closed_link_sends_nothing_and_says_how_it_ended(
    pair: tuple[Link, socket.socket],
) -> None:
    link, server = pair
    link.close()
    link.close()
    assert link.send([b"QUIT\r\n"], soon) == 0
    assert link.lost is not None
    assert server.recv(100) == b""


def test_what_is_said_last_leaves_with_the_end(pair: tuple[Link, socket.socket]) -> None:
    link, server = pair
    link.close(b"QUIT\r\n")
    assert server.recv(100) == b"QUIT\r\n"
    assert server.recv(100) == b""


def test_the_local_address_is_known_after_the_connection_is_gone(
    pair: tuple[Link, socket.socket],
) -> None:
    link, server = pair
    reset(server)
    link.hear(soon())
    link.close()
    assert link.local_address == "127.0.0.1"


def test_closing_waits_for_nobody(pki: TestPki) -> None:
    made = make_context(TlsPolicy(ca_file=str(pki.ca_file)))
    assert not isinstance(made, LocalTlsFault)
    client, server = socket.socketpair()
    with closing(server):
        link = Link(client)
        link.start_tls(TlsSession(made, "mail.example.test", now=datetime.now(UTC)), Deadline(0.05))
        began = time.monotonic()
        link.close()
        assert time.monotonic() - began < 0.1


def test_nothing_is_said_in_clear_after_a_handshake_that_failed(pki: TestPki) -> None:
    made = make_context(TlsPolicy(ca_file=str(pki.ca_file)))
    assert not isinstance(made, LocalTlsFault)
    client, server = socket.socketpair()
    with closing(server):
        server.sendall(b"220 not so fast\r\n")
        link = Link(client)
        link.start_tls(TlsSession(made, "mail.example.test", now=datetime.now(UTC)), soon())
        assert link.trust is Trust.NONE
        assert link.send([b"AUTH PLAIN AAAA\r\n"], soon) == 0
        server.settimeout(1)
        link.close(b"QUIT\r\n")
        said = b"".join(iter(lambda: server.recv(65_536), b""))
        assert b"AUTH" not in said
        assert b"QUIT" not in said
