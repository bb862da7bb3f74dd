"""Connections and their threads: how many, and how they end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from smtpcheck.serve.connection import Bounds
from smtpcheck.serve.listening import Place, listen
from smtpcheck.serve.message import Request, Response, plain
from smtpcheck.serve.server import Door, Server

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Counted:
    """What the server told its door."""

    def __init__(self) -> None:
        self.turned_away = 0
        self.faults: list[Exception] = []

    def away(self) -> None:
        self.turned_away += 1


@contextmanager
def serving(
    answer: Callable[[Request], Response], *, most: int = 8, grace: float = 20.0
) -> Iterator[tuple[int, Server, Counted]]:
    counted = Counted()
    door = Door(
        answer=answer,
        tls=lambda: None,
        allowed=lambda _: True,
        fault=counted.faults.append,
        turned_away=counted.away,
    )
    (listener,) = listen([Place("127.0.0.1", 0)])
    port = listener.getsockname()[1]
    server = Server([listener], door, most=most, bounds=Bounds(request=5.0, idle=5.0))
    server.start()
    try:
        yield port, server, counted
    finally:
        server.stop(grace)


def rest(sock: socket.socket) -> bytes:
    got = b""
    with suppress(ConnectionResetError):
        while more := sock.recv(4096):
            got += more
    return got


def test_a_connection_too_many_is_turned_away_and_the_others_stay() -> None:
    with (
        serving(lambda _: plain(200, "yes"), most=1) as (port, _, counted),
        socket.create_connection(("127.0.0.1", port), timeout=20) as first,
    ):
        first.sendall(b"GET / HT")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as second:
            assert rest(second).startswith(b"HTTP/1.1 503 ")
        assert counted.turned_away == 1
        first.sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
        assert rest(first).startswith(b"HTTP/1.1 200 ")


def test_a_defect_is_told_and_ends_one_answer_alone() -> None:
    def answer(request: Request) -> Response:
        if request.query:
            raise ZeroDivisionError("canary")
        return plain(200, "yes")

    with (
        serving(answer) as (port, _, counted),
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(b"GET /?a=b HTTP/1.1\r\nHost: x\r\n\r\n" + GET[:-2])
        client.sendall(b"Connection: close\r\n\r\n")
        got = rest(client)
    assert got.startswith(b"HTTP/1.1 500 ")
    assert b"canary" not in got
    assert b"HTTP/1.1 200 " in got
    assert [type(each) for each in counted.faults] == [ZeroDivisionError]


def test_the_end_waits_for_what_runs_and_takes_nothing_new() -> None:
    inside, go = threading.Event(), threading.Event()
    ended: list[bool] = []

    def answer(_: Request) -> Response:
        inside.set()
        go.wait(20)
        return plain(200, "yes")

    with (
        serving(answer) as (port, server, _),
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(GET)
        assert inside.wait(20)
        stopping = threading.Thread(target=lambda: ended.append(server.stop(20)))
        stopping.start()
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=20).close()
            except ConnectionRefusedError:
                break
            time.sleep(0.01)
        else:
            pytest.fail("connections are still taken")
        go.set()
        stopping.join()
        got = rest(client)
    assert ended == [True]
    assert got.startswith(b"HTTP/1.1 200 ")
    assert b"Connection: close" in got


def test_the_end_does_not_wait_for_ever() -> None:
    inside, go = threading.Event(), threading.Event()

    def answer(_: Request) -> Response:
        inside.set()
        go.wait(20)
        return plain(200, "yes")

    with (
        serving(answer) as (port, server, _),
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(GET)
        assert inside.wait(20)
        assert server.stop(0.05) is False
        go.set()


def test_an_answer_that_is_not_written_yet_still_runs() -> None:
    large = 16 << 20  # more than the system takes for a client that does not read
    inside = threading.Event()

    def answer(_: Request) -> Response:
        inside.set()
        return Response(200, b"~" * large)

    with (
        serving(answer) as (port, server, _),
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(GET)
        assert inside.wait(20)
        assert server.stop(0.05) is False
        got = 0
        while more := client.recv(1 << 20):
            got += more.count(b"~")
    assert got == large
