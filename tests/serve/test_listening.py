"""Where the exporter listens, and who can reach it there."""

from __future__ import annotations

import socket

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.serve.listening import Place, is_loopback, listen, parse_listen, url_of


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:9587", Place("127.0.0.1", 9587)),
        ("[::1]:9587", Place("::1", 9587)),
        (":9587", Place("", 9587)),
        ("localhost:0", Place("localhost", 0)),
    ],
)
def test_places_are_read(text: str, place: Place) -> None:
    assert parse_listen(text) == place


@pytest.mark.parametrize(
    "text", ["", "9587", "127.0.0.1", "127.0.0.1:", "::1:9587", "a:x", "a:65536", "a:-1", "a:9587/"]
)
def test_what_is_no_place_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_listen(text)
    assert caught.value.help


def test_a_port_that_is_taken_is_a_usage_error_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match="cannot listen at"):
            listen([Place("127.0.0.1", 0), Place("127.0.0.1", port)])


@pytest.mark.parametrize("host", ["a..b", ".", "x" * 70])
def test_a_name_that_is_none_is_a_usage_error(host: str) -> None:
    with pytest.raises(UsageError, match="cannot listen at") as caught:
        listen([Place(host, 0)])
    assert caught.value.help


@pytest.mark.parametrize(("host", "loopback"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_it_is_known_who_can_reach_it(host: str, loopback: bool) -> None:
    (sock,) = listen([Place(host, 0)])
    with sock:
        assert is_loopback(sock) is loopback
        assert url_of(sock, "http").startswith(f"http://{host}:")


def test_no_host_means_every_address() -> None:
    (sock,) = listen([Place("", 0)])
    with sock:
        port = sock.getsockname()[1]
        assert not is_loopback(sock)
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
