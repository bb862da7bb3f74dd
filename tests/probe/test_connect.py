"""Racing addresses, on loopback."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from smtpcheck.probe.connect import Peer, Race, connect, interleaved
from smtpcheck.probe.deadline import Deadline


@pytest.fixture
def listening() -> Iterator[int]:
    """A port on 127.0.0.1 on which somebody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture
def full() -> Iterator[int]:
    """A port whose queue is full: a SYN gets no answer."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        callers = []
        for _ in range(3):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
            callers.append(caller)
        yield port
        for caller in callers:
            caller.close()


def race(*peers: Peer, seconds: float = 5.0, timeout: float = 5.0, source: str = "") -> Race:
    made = connect(peers, Deadline(seconds), timeout=timeout, source=source)
    made.settle(Deadline(seconds))
    return made


def outcomes(made: Race) -> dict[str, str]:
    return {
        str(fact["address"]): str(fact["outcome"]) for fact in (a.fact() for a in made.attempts)
    }


def test_the_families_take_turns() -> None:
    six = [Peer("ipv6", f"::{n}", 1) for n in range(3)]
    four = [Peer("ipv4", f"127.0.0.{n}", 1) for n in range(2)]
    assert interleaved([*six, *four]) == [six[0], four[0], six[1], four[1], six[2]]


def test_every_address_has_its_own_result(listening: int) -> None:
    made = race(Peer("ipv4", "127.0.0.2", listening), Peer("ipv4", "127.0.0.1", listening))
    assert outcomes(made) == {"127.0.0.2": "failed", "127.0.0.1": "connected"}
    facts = made.facts()
    assert facts["address"] == "127.0.0.1"
    assert facts["failed_addresses"] == ["127.0.0.2"]
    assert made.sock is not None
    made.sock.close()


def test_one_connection_is_kept_and_the_others_are_closed() -> None:
    with closing(socket.create_server(("0.0.0.0", 0))) as server:
        port = server.getsockname()[1]
        made = race(*(Peer("ipv4", f"127.0.0.{n}", port) for n in (1, 2, 3)))
        server.settimeout(1)
        arrived = [server.accept()[0] for _ in range(3)]
        ended = 0
        for sock in arrived:
            sock.settimeout(0.2)
            with suppress(TimeoutError):
                ended += sock.recv(1) == b""
            sock.close()
    assert ended == 2
    assert made.sock is not None
    made.sock.close()


def test_a_refusal_is_told_with_its_number() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    made = race(Peer("ipv4", "127.0.0.1", port))
    error = made.facts()["error"]
    assert made.sock is None
    assert isinstance(error, dict)
    assert (error["kind"], error["errno"]) == ("refused", 111)


def test_a_silent_address_is_given_up_in_time(full: int) -> None:
    made = race(Peer("ipv4", "127.0.0.1", full), timeout=0.3)
    error = made.facts()["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "timeout"
    assert made.attempts[0].elapsed < 1.5


def test_the_deadline_of_the_run_is_never_passed(full: int) -> None:
    made = race(Peer("ipv4", "127.0.0.1", full), timeout=30, seconds=0.3)
    assert made.sock is None
    assert made.attempts[0].elapsed < 1.5


def test_a_silent_address_does_not_hold_up_another(full: int) -> None:
    with closing(socket.create_server(("127.0.0.2", full))):
        made = connect(
            [Peer("ipv4", "127.0.0.1", full), Peer("ipv4", "127.0.0.2", full)],
            Deadline(5),
            timeout=5,
            source="",
        )
        assert made.winner == Peer("ipv4", "127.0.0.2", full)
        made.settle(Deadline(5))
        assert outcomes(made)["127.0.0.1"] == "silent"
    assert made.sock is not None
    made.sock.close()


def test_a_local_address_that_is_not_ours_is_our_fault(listening: int) -> None:
    made = race(Peer("ipv4", "127.0.0.1", listening), source="192.0.2.1")
    error = made.facts()["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "source-address"
    assert "192.0.2.1" in str(error["message"])


def test_the_local_address_is_used(listening: int) -> None:
    made = race(Peer("ipv4", "127.0.0.1", listening), source="127.0.0.9")
    assert made.sock is not None
    assert made.sock.getsockname()[0] == "127.0.0.9"
    made.sock.close()


def test_no_address_at_all_is_said_so() -> None:
    error = race().facts()["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "no-address"


def test_an_address_family_that_is_dead_is_named(listening: int) -> None:
    made = race(Peer("ipv6", "::1", listening), Peer("ipv4", "127.0.0.1", listening))
    assert made.facts()["dead_families"] == ["ipv6"]
    assert made.sock is not None
    made.sock.close()


def test_from_a_local_address_only_its_own_family_is_tried(listening: int) -> None:
    made = race(
        Peer("ipv6", "::1", listening), Peer("ipv4", "127.0.0.1", listening), source="127.0.0.9"
    )
    assert outcomes(made) == {"::1": "not-tried", "127.0.0.1": "connected"}
    assert made.facts()["dead_families"] == []
    assert made.sock is not None
    made.sock.close()


def test_a_local_address_of_the_wrong_family_is_our_fault(listening: int) -> None:
    made = race(Peer("ipv4", "127.0.0.1", listening), source="::1")
    error = made.facts()["error"]
    assert made.sock is None
    assert isinstance(error, dict)
    assert error["kind"] == "source-address"


def test_a_process_without_free_descriptors_is_told_so(listening: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    kept: list[socket.socket] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        with suppress(OSError):
            while True:
                kept.append(socket.socket())
        none_left = race(Peer("ipv4", "127.0.0.1", listening))
        kept.pop().close()
        one_left = race(Peer("ipv4", "127.0.0.1", listening))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in kept:
            each.close()
    error = none_left.facts()["error"]
    assert isinstance(error, dict)
    assert (error["kind"], error["message"]) == ("other", "Too many open files")
    assert one_left.sock is not None
    one_left.sock.close()


@pytest.mark.parametrize(
    ("name", "kind"), [("nothing", "no-socket"), ("x" * 200, "other"), ("", "refused")]
)
def test_a_unix_socket_that_is_none_is_told_so(tmp_path: Path, name: str, kind: str) -> None:
    error = race(Peer("unix", str(tmp_path / name))).facts()["error"]
    assert isinstance(error, dict)
    assert error["kind"] == kind
    assert error["message"]


def test_a_unix_socket_whose_queue_is_full_is_no_connection(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    callers = [socket.socket(socket.AF_UNIX) for _ in range(5)]
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(path)
        server.listen(0)
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(path)
        made = race(Peer("unix", path))
        for caller in callers:
            caller.close()
    assert made.sock is None
    error = made.facts()["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "timeout"
