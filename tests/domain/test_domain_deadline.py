"""The deadline of a run holds for all of it: what is imported, asked, fetched and judged."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import pytest

from smtpcheck.api.domain import DomainPlan, check_domain
from smtpcheck.api.domain_question import DomainWishes
from smtpcheck.domain import checkdmarc_way, run
from smtpcheck.domain.names import Names
from smtpcheck.domain.policy_fetch import WebPlace, fetch_policy


@contextmanager
def cut_short(waits: list[float], monkeypatch: pytest.MonkeyPatch, pause: float) -> Iterator[int]:
    """A DNS server whose answers say after a pause that they are too long for UDP; how long the
    way over TCP may take is put down."""

    def tcp(*_: object, timeout: float, **__: object) -> None:
        waits.append(timeout)
        raise TimeoutError

    monkeypatch.setattr("dns.query.tcp", tcp)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)

        def serve() -> None:
            data, peer = sock.recvfrom(4096)
            answer = dns.message.make_response(dns.message.from_wire(data))
            answer.flags |= dns.flags.TC
            threading.Event().wait(pause)
            sock.sendto(answer.to_wire(), peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield sock.getsockname()[1]
        thread.join(10)


def test_the_second_way_of_a_question_has_only_the_time_that_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    with cut_short(waits, monkeypatch, 0.5) as port:
        names = Names((("127.0.0.1", port),), 2.0)
        names.ask("a.test", "A")
    assert waits
    assert waits[0] <= 1.5


def test_all_addresses_of_a_policy_host_share_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, waits = [100.0], []

    def connect(_: object, timeout: float) -> None:
        waits.append(timeout)
        clock[0] += timeout
        raise TimeoutError

    monkeypatch.setattr("smtpcheck.domain.policy_fetch.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("smtpcheck.domain.policy_fetch.socket.create_connection", connect)
    fetched = fetch_policy("mta-sts.example.test", ["192.0.2.1"] * 4, WebPlace(), 15.0)
    assert fetched.problem == "unreachable"
    assert waits == [10.0, 5.0]


def test_what_is_loaded_counts_and_something_is_left_for_the_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[float] = []

    def look(_: object, around: run.Around) -> tuple[tuple[()], tuple[()]]:
        given.append(around.seconds)
        return (), ()

    def slow() -> None:
        time.sleep(0.3)

    monkeypatch.setattr(run, "look", look)
    monkeypatch.setattr(checkdmarc_way, "load", slow)
    check_domain(DomainWishes(what="example.test"), DomainPlan(resolver="127.0.0.1", deadline=8.0))
    assert 0 < given[0] <= 8.0 - 1.5 - 0.3
