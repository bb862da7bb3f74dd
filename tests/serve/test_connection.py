"""HTTP on one connection: what is answered, and what ends it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.serve.connection import Bounds, Connection
from smtpcheck.serve.message import Request, Response

BOUNDS = Bounds(request=0.5, idle=0.5, write=2.0)


class Talk:
    """A client's end of a connection that is served in a thread."""

    def __init__(self, *, stays: bool = True, bounds: Bounds = BOUNDS) -> None:
        self.requests: list[Request] = []
        self.client, self._server = socket.socketpair()
        self.client.settimeout(20)
        self._serving = Connection(self._server, self._answer, bounds=bounds, stays=lambda: stays)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError), self._server:
            self._serving.serve()

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(200, b"body of the answer\n")

    def say(self, octets: bytes) -> None:
        """Sends these octets."""
        self.client.sendall(octets)

    def rest(self) -> bytes:
        """All that comes until the server closes."""
        got = b""
        with suppress(ConnectionResetError):
            while more := self.client.recv(65_536):
                got += more
        return got

    def close(self) -> None:
        """Ends both sides."""
        self.client.close()
        self._thread.join()


@pytest.fixture
def talk() -> Iterator[Talk]:
    made = Talk()
    yield made
    made.close()


GET = b"GET /probe?target=a%20b&until=tls&until=auth HTTP/1.1\r\nHost: x\r\n\r\n"


def test_several_requests_are_answered_on_one_connection(talk: Talk) -> None:
    talk.say(GET + GET)
    got = talk.rest()
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert got.count(b"body of the answer") == 2


def test_the_query_is_decoded_and_the_first_of_two_counts(talk: Talk) -> None:
    talk.say(GET)
    talk.rest()
    (request,) = talk.requests
    assert (request.method, request.path) == ("GET", "/probe")
    assert request.query == {"target": "a b", "until": "tls"}


def test_the_answer_to_head_has_no_body(talk: Talk) -> None:
    talk.say(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    got = talk.rest()
    assert b"Content-Length: 19" in got
    assert got.endswith(b"\r\n\r\n")


def test_a_connection_is_closed_where_there_is_little_room() -> None:
    talk = Talk(stays=False)
    talk.say(GET + GET)
    got = talk.rest()
    talk.close()
    assert got.count(b"HTTP/1.1 200 OK") == 1
    assert b"Connection: close" in got


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"EHLO there\r\n\r\n", b"400"),
        (b"GET http://elsewhere.test/ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"431"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET /?" + b"a=b&" * 40 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n" + b"a" * 70_000, b"413"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"8000\r\n" + b"a" * 0x8000 + b"\r\n8001\r\n" + b"a" * 0x8001 + b"\r\n",
            b"413",
        ),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
            b"413",
        ),
    ],
)
def test_what_is_no_request_of_ours_is_refused_and_the_connection_closed(
    talk: Talk, octets: bytes, status: bytes
) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        talk.say(octets)
    got = talk.rest()
    assert got.startswith(b"HTTP/1.1 " + status)
    assert talk.requests == []


def test_a_small_body_is_read_and_thrown_away(talk: Talk) -> None:
    talk.say(b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + GET)
    assert talk.rest().count(b"HTTP/1.1 200 OK") == 2
    assert [request.method for request in talk.requests] == ["POST", "GET"]


def test_a_request_that_never_ends_is_left_alone(talk: Talk) -> None:
    """One header after another, each in time: the whole request has no more of it."""
    talk.say(b"GET / HTTP/1.1\r\n")
    with suppress(BrokenPipeError, ConnectionResetError):
        for number in range(1_000_000):
            talk.say(b"A%d: b\r\n" % (number % 100))
    assert talk.requests == []


def test_a_connection_that_says_nothing_is_closed(talk: Talk) -> None:
    assert talk.rest() == b""


def test_a_connection_that_waits_too_long_for_a_second_request_is_closed(talk: Talk) -> None:
    talk.say(GET)
    assert talk.rest().count(b"HTTP/1.1 200") == 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_octets_raise_anything(octets: bytes) -> None:
    talk = Talk(bounds=Bounds(request=0.05, idle=0.05, write=1.0))
    with suppress(OSError):
        talk.say(octets)
        talk.client.shutdown(socket.SHUT_WR)
    talk.rest()
    talk.close()
