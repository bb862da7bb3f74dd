"""The embedded SMTP server: real sockets, real TLS, real AUTH, on loopback."""

from __future__ import annotations

import os
import secrets
import selectors
import socket
import ssl
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from smtpcheck.sandbox.certificates import Authority, CertificateKind, Issued
from smtpcheck.sandbox.channel import Channel
from smtpcheck.sandbox.exchange import Accounts
from smtpcheck.sandbox.house import Door, House
from smtpcheck.sandbox.limits import Limits, Ports
from smtpcheck.sandbox.mechanisms import MECHANISMS, USUAL
from smtpcheck.sandbox.received import OnMessage, OnTalk, Received, Talk
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.session import Session
from smtpcheck.sandbox.tls_context import ANYTHING_GOES, server_context
from smtpcheck.sandbox.tokens import Tokens

USERNAME = "tester@sandbox.test"
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_PATIENCE = 5.0
_ANY_PORTS = Ports()


class SandboxError(Exception):
    """The sandbox cannot start: the port is taken, or the address is not of this machine."""


class Sandbox:
    """An SMTP server for one run, with a CA, a user and a password of its own.

    A context manager, or `start()` and `stop()`. Callbacks come from the threads of the
    connections, one call at a time. Messages are kept in `messages`.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        *,
        ports: Ports = _ANY_PORTS,
        users: Mapping[str, str] | None = None,
        mechanisms: tuple[str, ...] = USUAL,
        scenario: Scenario | None = None,
        limits: Limits | None = None,
        on_message: OnMessage | None = None,
        on_event: OnTalk | None = None,
    ) -> None:
        if users is not None and not users:
            raise ValueError("a sandbox needs a user")
        unknown = [name for name in mechanisms if name not in MECHANISMS]
        if unknown or not mechanisms:
            raise ValueError(f"no mechanism of the sandbox: {' '.join(unknown)}")
        accounts = users or {USERNAME: secrets.token_urlsafe(12)}
        self.host = host
        self.username, self.password = next(iter(accounts.items()))
        self.scenario = scenario or Scenario()
        self.limits = limits or Limits()
        self.mechanisms = self.scenario.mechanisms or mechanisms
        """The SASL mechanisms on offer."""
        self._accounts = Accounts(accounts)
        self._tokens = Tokens(self.username, self.scenario.token)
        self._wanted = {Door.SUBMISSION: ports.submission, Door.SUBMISSIONS: ports.submissions}
        if ports.relay is not None:
            self._wanted[Door.RELAY] = ports.relay
        self._on_message = on_message
        self._on_event = on_event
        self._telling = threading.RLock()
        self._messages: deque[Received] = deque(maxlen=self.limits.kept)
        self._running: _Running | None = None

    @property
    def messages(self) -> tuple[Received, ...]:
        """The accepted messages, oldest first, also after the end."""
        with self._telling:
            return tuple(self._messages)

    @property
    def submission_port(self) -> int:
        """The port with STARTTLS."""
        return self._run.port(Door.SUBMISSION)

    @property
    def submissions_port(self) -> int:
        """The port with TLS from the first byte."""
        return self._run.port(Door.SUBMISSIONS)

    @property
    def relay_port(self) -> int:
        """The port with neither TLS nor login. Raises KeyError when there is none."""
        return self._run.port(Door.RELAY)

    @property
    def ca_file(self) -> Path:
        """The CA certificate that a client must trust; it goes when the sandbox stops."""
        return self._run.ca_file

    @property
    def client_certificate(self) -> tuple[Path, Path] | None:
        """Certificate and key with which a client can log in by EXTERNAL, where that is offered;
        they go when the sandbox stops."""
        return self._run.client_files

    @property
    def token(self) -> str:
        """The access token of this run, for XOAUTH2 and OAUTHBEARER."""
        return self._tokens.value

    def start(self) -> Self:
        """Opens the ports and returns at once. Raises SandboxError."""
        if self._running is not None:
            raise RuntimeError("the sandbox is running already")
        authority = Authority(tuple(dict.fromkeys((*_LOOPBACK_NAMES, self.host))))
        issued = authority.issue(self.scenario.certificate)
        external = "EXTERNAL" in self.mechanisms
        house = House(
            name="localhost",
            accounts=self._accounts,
            tokens=self._tokens,
            scenario=self.scenario,
            limits=self.limits,
            tls=self._tls(authority, issued, external=external),
            deliver=self._deliver,
            tell=self._tell,
            offered=self.mechanisms,
            binding=_binding(issued) if any("-PLUS" in name for name in self.mechanisms) else b"",
        )
        client = authority.issue_client(self.username) if external else None
        self._running = _Running(house, self.host, self._wanted, authority.root_pem, client)
        return self

    def _tls(self, authority: Authority, issued: Issued, *, external: bool) -> ssl.SSLContext:
        scenario = self.scenario
        return server_context(
            issued,
            tls_min=scenario.tls_min,
            tls_max=scenario.tls_max,
            ciphers=ANYTHING_GOES if _is_weak(scenario) else "",
            client_ca=authority.root_pem if scenario.client_certificate or external else b"",
            optional=not scenario.client_certificate,
        )

    def stop(self, grace: float = 0.0) -> None:
        """Closes the ports, ends every conversation, and returns when all is gone. A running
        conversation may come to its own end within `grace` seconds."""
        running, self._running = self._running, None
        if running is not None:
            running.stop(grace)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _run(self) -> _Running:
        if self._running is None:
            raise RuntimeError("the sandbox is not running")
        return self._running

    def _deliver(self, message: Received) -> None:
        with self._telling:
            self._messages.append(message)
            if self._on_message:
                self._on_message(message)

    def _tell(self, talk: Talk) -> None:
        if self._on_event:
            with self._telling:
                self._on_event(talk)


class _Running:
    """The sockets, threads and files of a running sandbox."""

    def __init__(
        self,
        house: House,
        host: str,
        wanted: Mapping[Door, int],
        root_pem: bytes,
        client: Issued | None,
    ) -> None:
        self._house = house
        self._lock = threading.Lock()
        self._live: dict[threading.Thread, Channel] = {}
        self._count = 0
        self._wake_out, self._wake_in = socket.socketpair()
        self._listeners: dict[socket.socket, Door] = {}
        try:
            for door, port in wanted.items():
                self._listeners[_listen(host, port)] = door
        except OSError as error:
            self._close()
            words = os.strerror(error.errno) if error.errno else str(error)
            raise SandboxError(f"cannot listen on {host}, port {port}: {words}") from error
        # Mode 0700 for the folder, so the file needs no more; a certificate is no secret anyway.
        self._folder = tempfile.TemporaryDirectory(prefix="smtpcheck-sandbox-")
        self.ca_file = self._file("ca.pem", root_pem)
        self.client_files: tuple[Path, Path] | None = None
        if client is not None:
            chain, key = (
                self._file("client.pem", client.chain),
                self._file("client.key", client.key),
            )
            self.client_files = chain, key
        self._acceptor = threading.Thread(
            target=self._accept, name="smtpcheck-sandbox", daemon=True
        )
        self._acceptor.start()

    def _file(self, name: str, content: bytes) -> Path:
        path = Path(self._folder.name, name)
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path

    def port(self, wanted: Door) -> int:
        for listener, door in self._listeners.items():
            if door is wanted:
                number: int = listener.getsockname()[1]
                return number
        raise KeyError(wanted.value)

    def stop(self, grace: float) -> None:
        self._house.stopping.set()
        self._wake_in.send(b"x")
        self._acceptor.join(_PATIENCE)
        with self._lock:
            live = dict(self._live)
        end = time.monotonic() + grace
        for thread in live:
            thread.join(max(0.0, end - time.monotonic()))
        for channel in live.values():
            channel.abort()
        for thread in live:
            thread.join(_PATIENCE)
        self._close()
        self._folder.cleanup()

    def _close(self) -> None:
        for each in (*self._listeners, self._wake_in, self._wake_out):
            each.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in (*self._listeners, self._wake_out):
                selector.register(each, selectors.EVENT_READ)
            while not self._house.stopping.is_set():
                for key, _ in selector.select():
                    listener = key.fileobj
                    if isinstance(listener, socket.socket) and listener in self._listeners:
                        self._take(listener)

    def _take(self, listener: socket.socket) -> None:
        try:
            sock, peer = listener.accept()
        except OSError:
            # The client left before it was accepted, or no file descriptor is free: in the second
            # case the listener stays ready, and this must not become a busy loop.
            self._house.stopping.wait(0.05)
            return
        self._welcome(sock, peer, self._listeners[listener])

    def _welcome(self, sock: socket.socket, peer: tuple[str, int], door: Door) -> None:
        self._count += 1
        channel = Channel(sock, self._house.limits.idle)
        session = Session(channel, self._house, door, peer[0], self._count)
        with self._lock:
            full = len(self._live) >= self._house.limits.connections
        target = session.turn_away if full else session.run
        thread = threading.Thread(
            target=self._serve, args=(target,), name=f"smtpcheck-sandbox-{self._count}", daemon=True
        )
        with self._lock:
            self._live[thread] = channel
        thread.start()

    def _serve(self, target: Callable[[], None]) -> None:
        try:
            target()
        finally:
            with self._lock:
                self._live.pop(threading.current_thread(), None)


def _binding(issued: Issued) -> bytes:
    """`tls-server-end-point` of what the server shows."""
    from smtpcheck.wire.channel_binding import server_end_point

    leaf = issued.chain.decode("ascii").partition("-----END")[0]
    bound = server_end_point(ssl.PEM_cert_to_DER_cert(f"{leaf}-----END CERTIFICATE-----"))
    return bound.data if bound else b""


def _is_weak(scenario: Scenario) -> bool:
    """Whether OpenSSL would refuse to serve this at its usual security level."""
    weak = (CertificateKind.WEAK_KEY, CertificateKind.WEAK_SIGNATURE)
    return scenario.certificate in weak or scenario.tls_min in ("1.0", "1.1")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it lets two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
