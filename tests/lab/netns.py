"""Two network namespaces joined by a cable, with addresses that fail in every way a network can.

A packet to a `silent` address leaves and vanishes, as behind a firewall that drops; `unreachable`
and `prohibited` ones are refused by the routing table at once; for a `lost` one there is no route.
Needs root and iproute2; nothing outside the two namespaces is touched.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
_NOBODY = "02:00:00:00:00:99"
"""A hardware address that no interface has."""


@dataclass(frozen=True, slots=True)
class Net:
    """A client's and a server's namespace, and what the client can try to reach."""

    client: str
    server: str
    client4: str = "10.98.0.1"
    client6: str = "fd98::1"
    server4: str = "10.98.0.2"
    server6: str = "fd98::2"
    silent4: str = "10.98.0.9"
    silent6: str = "fd98::9"
    unreachable4: str = "10.97.0.1"
    unreachable6: str = "fd97::1"
    prohibited4: str = "10.96.0.1"
    prohibited6: str = "fd96::1"
    lost4: str = "10.95.0.1"
    lost6: str = "fd95::1"

    def on_client(self, work: Callable[[], T]) -> T:
        """What the work returns when done on the client's side. Its threads are there too, and
        its sockets stay there."""
        return _inside(self.client, work)

    def on_server(self, work: Callable[[], T]) -> T:
        """The same on the server's side: `net.on_server(lambda: socket.create_server(...))`."""
        return _inside(self.server, work)

    def as_client(self, *argv: str) -> list[str]:
        """The command, to be run on the client's side."""
        return ["ip", "netns", "exec", self.client, *argv]

    def as_server(self, *argv: str) -> list[str]:
        """The command, to be run on the server's side."""
        return ["ip", "netns", "exec", self.server, *argv]


@contextmanager
def joined_namespaces() -> Iterator[Net]:
    """Makes the namespaces and removes them. Skips the test where that cannot be done."""
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and iproute2")
    net = Net(f"smtpcheck-c{os.getpid()}", f"smtpcheck-s{os.getpid()}")
    made: list[str] = []
    try:
        for name in (net.client, net.server):
            _ip(f"netns add {name}")
            made.append(name)
        _join(net)
        net.on_client(lambda: _await_cable((net.server4, net.server6)))
        yield net
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _join(net: Net) -> None:
    _ip(f"link add cable netns {net.client} type veth peer name cable netns {net.server}")
    sides = ((net.client, net.client4, net.client6), (net.server, net.server4, net.server6))
    for name, v4, v6 in sides:
        _ip(f"-n {name} addr add {v4}/24 dev cable")
        _ip(f"-n {name} addr add {v6}/64 dev cable nodad")
        _ip(f"-n {name} link set lo up")
        _ip(f"-n {name} link set cable up")
    for silent in (net.silent4, net.silent6):
        _ip(f"-n {net.client} neigh add {silent} lladdr {_NOBODY} dev cable nud permanent")
    for address in (net.unreachable4, net.unreachable6):
        _ip(f"-n {net.client} route add unreachable {address}")
    for address in (net.prohibited4, net.prohibited6):
        _ip(f"-n {net.client} route add prohibit {address}")


def _await_cable(addresses: Iterable[str]) -> None:
    """IPv6 over a new cable takes a moment: waits until the other side refuses a connection."""
    end = time.monotonic() + 10
    for address in addresses:
        while not _refused(address) and time.monotonic() < end:
            time.sleep(0.02)


def _refused(address: str) -> bool:
    try:
        socket.create_connection((address, 9), timeout=0.2).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def _ip(words: str) -> None:
    done = subprocess.run(["ip", *words.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"ip {words}: {done.stderr.strip()}")


def _inside(name: str, work: Callable[[], T]) -> T:
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            _enter(name)
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the caller stands
            errors.append(error)

    thread = threading.Thread(target=run, name=f"in {name}")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _enter(name: str) -> None:
    """Moves this thread, and every thread it starts, into the namespace."""
    descriptor = os.open(Path("/run/netns", name), os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(descriptor)
