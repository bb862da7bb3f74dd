"""The namespaces fail as they say, so that tests of connecting can rely on them."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import pytest

from tests.lab.netns import Net, joined_namespaces

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with joined_namespaces() as made:
        yield made


def connecting(net: Net, address: str, port: int = 25) -> int:
    """The error number that connecting ends with; 0 when it does not end in half a second."""

    def connect() -> int:
        with socket.create_connection((address, port), timeout=0.5):
            return -1

    try:
        return net.on_client(connect)
    except TimeoutError:
        return 0
    except OSError as error:
        return error.errno or -2


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("server", errno.ECONNREFUSED),
        ("silent", 0),
        ("unreachable", errno.EHOSTUNREACH),
        ("prohibited", errno.EACCES),
        ("lost", errno.ENETUNREACH),
    ],
)
def test_each_address_fails_in_its_own_way(net: Net, kind: str, family: str, number: int) -> None:
    assert connecting(net, getattr(net, kind + family)) == number


@pytest.mark.parametrize("family", ["4", "6"])
def test_a_server_on_the_other_side_is_reached(net: Net, family: str) -> None:
    address: str = getattr(net, f"server{family}")
    version = socket.AF_INET6 if family == "6" else socket.AF_INET
    with net.on_server(lambda: socket.create_server((address, 2525), family=version)):
        assert connecting(net, address, 2525) == -1
