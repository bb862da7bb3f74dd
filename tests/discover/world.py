"""A small internet on loopback for one mail domain: DNS, web servers, submission servers."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.api.discovering import Search, discover, read_subject
from smtpcheck.model.discovery import Discovery
from smtpcheck.sandbox.certificates import Authority, CertificateKind, Issued
from smtpcheck.sandbox.server import Sandbox
from tests.probe.dns_server import DnsServer, serving, zone

DOMAIN = "lab.test"
NAMES = ("localhost", "127.0.0.1", "::1", DOMAIN, f"*.{DOMAIN}", "smtp.hoster.test")
LABELS = ("smtp", "mail", "submission", "mx", "autoconfig", "autodiscover")


@dataclass(frozen=True)
class Asked:
    """One request that a web server got."""

    method: str
    host: str
    path: str
    body: bytes
    headers: Mapping[str, str]


Respond = Callable[[Asked], "tuple[int, Mapping[str, str], bytes]"]


@dataclass
class Web:
    """An HTTPS server that answers for every name."""

    port: int
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def web(issued: Issued, folder: Path, respond: Respond) -> Iterator[Web]:
    """Runs the server; `respond` gives status, headers and body."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            host = self.headers.get("Host", "")
            asked = Asked(
                self.command, host, self.path, self.rfile.read(size), dict(self.headers.items())
            )
            running.asked.append(asked)
            status, headers, body = respond(asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - names of the standard library

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client may hang up
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain, key = folder / "web.pem", folder / "web.key"
    key.touch(mode=0o600)
    chain.write_bytes(issued.chain)
    key.write_bytes(issued.key)
    context.load_cert_chain(chain, key)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    running = Web(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class World:
    """What runs, and how to look for settings in it."""

    ca_file: Path
    dns: DnsServer
    web: Web
    smtp: Sandbox

    def search(self, **wishes: Any) -> Search:
        """How to look in this world alone."""
        given = {"tls.ca_file": str(self.ca_file), **wishes.pop("overrides", {})}
        settings = {"resolver": self.dns.where, "https_port": self.web.port, "deadline": 30.0}
        return Search(**{**settings, **wishes}, overrides=given)

    def find(self, address: str = f"user@{DOMAIN}", **wishes: Any) -> Discovery:
        """The discovery for an address."""
        return discover(read_subject(address), self.search(**wishes))


@pytest.fixture(scope="session")
def authority() -> Authority:
    """One CA for the web servers and the mail servers."""
    return Authority(NAMES, "smtpcheck discover tests")


class Builder:
    """Makes a world of records and pages."""

    def __init__(self, folder: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._authority = folder, authority
        monkeypatch.setattr("smtpcheck.sandbox.server.Authority", lambda _names: authority)
        self.kind = CertificateKind.GOOD

    @contextmanager
    def world(
        self,
        records: Callable[[Sandbox], Sequence[str]] = lambda _smtp: (),
        respond: Respond = lambda _asked: (404, {}, b""),
        *,
        labels: Sequence[str] = (),
        exists: bool = True,
        users: Mapping[str, str] | None = None,
    ) -> Iterator[World]:
        """Runs it. `records` may name the ports of the mail server; `labels` are names that lead
        to this machine."""
        ca_file = self._folder / "ca.pem"
        ca_file.write_bytes(self._authority.root_pem)
        with Sandbox(users=users) as smtp:
            known = [f"{label}.{DOMAIN}. 60 IN A 127.0.0.1" for label in labels]
            known += [f"{DOMAIN}. 60 IN A 127.0.0.1"] if exists else []
            answers = zone([*known, *records(smtp)])
            issued = self._authority.issue(self.kind)
            with serving(answers) as dns, web(issued, self._folder, respond) as pages:
                yield World(ca_file, dns, pages, smtp)


@pytest.fixture
def build(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Builder:
    """Builds worlds: `with build.world(...) as world`."""
    return Builder(tmp_path, authority, monkeypatch)


def srv(service: str, port: int, target: str = f"smtp.{DOMAIN}.", *, prio: int = 0) -> str:
    """An SRV record of the domain."""
    return f"{service}._tcp.{DOMAIN}. 60 IN SRV {prio} 1 {port} {target}"


__all__ = ["Asked", "Builder", "World", "authority", "build", "srv"]
