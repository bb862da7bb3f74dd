"""A DNS server on loopback that takes its time: answers from zone lines, each after a while."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.message
import dns.rdatatype

from tests.domain.fake_dns import FakeNames


@dataclass
class SlowDns:
    """What the server has seen."""

    port: int = 0
    waiting: int = 0
    most_waiting: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def slow_dns(lines: str, seconds: float) -> Iterator[SlowDns]:
    """Serves until the end of the block."""
    zone, seen = FakeNames(lines), SlowDns()

    def answer(data: bytes, peer: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        asked = query.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
        with seen.lock:
            seen.asked.append((name, kind))
            seen.waiting += 1
            seen.most_waiting = max(seen.most_waiting, seen.waiting)
        time.sleep(seconds)
        found = zone.exchange(name if name != "." else "", kind)
        assert isinstance(found, dns.message.Message)
        response = dns.message.make_response(query)
        response.answer = found.answer
        response.set_rcode(found.rcode())
        with seen.lock:
            seen.waiting -= 1
        sock.sendto(response.to_wire(), peer)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        seen.port = sock.getsockname()[1]
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    data, peer = sock.recvfrom(4096)
                except TimeoutError:
                    continue
                threading.Thread(target=answer, args=(data, peer), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join(5)
