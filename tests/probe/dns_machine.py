"""A machine for the dns stage: its own resolver settings, hosts file and C library."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.dns_stage import DnsRun, Sources, run_dns
from smtpcheck.probe.resolve_config import NameServer, ResolverConfig
from tests.probe.dns_server import Handler, serving

GetAddrInfo = Callable[..., list[tuple[Any, ...]]]


def system(*addresses: str) -> GetAddrInfo:
    """A system that finds these addresses, as `getaddrinfo` says it."""

    def getaddrinfo(host: bytes, port: int, family: int, kind: int, *_: int) -> list[Any]:
        assert isinstance(host, bytes)
        rows: list[Any] = []
        for each in addresses:
            version = socket.AF_INET6 if ":" in each else socket.AF_INET
            where = (each, port, 0, 0) if ":" in each else (each, port)
            if family in (0, version):
                rows += [(version, kind, 6, host.decode() if not rows else "", where)] * 2
        return rows

    return getaddrinfo


def failing(code: int) -> GetAddrInfo:
    def getaddrinfo(*_: object) -> list[Any]:
        raise socket.gaierror(code, "in the system's words")

    return getaddrinfo


UNKNOWN = failing(socket.EAI_NONAME)


class Machine:
    """A machine with its own resolv.conf, hosts file and C library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts = folder / "hosts"
        self.hosts.write_text("127.0.0.1 localhost\n")
        self.progress: list[str] = []
        self.config = ResolverConfig(timeout=0.4, attempts=1, search=("a.test",))

    def run(self, host: str = "mx.example", *, libc: GetAddrInfo = UNKNOWN, **given: Any) -> DnsRun:
        settings: dict[str, Any] = {
            "family": "any",
            "resolver": "",
            "deadline": Deadline(20),
            "timeout": 0.4,
        } | given
        return run_dns(
            host,
            587,
            started=lambda step: self.progress.append(f"started {step}"),
            ended=lambda step: self.progress.append(f"ended {step.step}"),
            sources=Sources(lambda: self.config, self.hosts, libc),
            **settings,
        )


@contextmanager
def configured(handler: Handler, machine: Machine) -> Iterator[None]:
    """The server as the one that the machine is told to ask."""
    with serving(handler) as server:
        here = NameServer("127.0.0.1", server.port)
        machine.config = replace(machine.config, servers=(here,))
        yield
