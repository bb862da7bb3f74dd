"""A raw-socket server that plays a script and records every byte that it is sent."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, assert_never

from tests.pki import TestPki
from tests.scripted.script import (
    Body,
    Close,
    Drip,
    Eat,
    Expect,
    Flood,
    Gone,
    Hang,
    Pause,
    Script,
    Send,
    StartTls,
    Step,
    parse_script,
)
from tests.scripted.wire import Wire


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where a client did something else than the script says."""

    where: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, got {self.got}"


@dataclass(slots=True)
class Connection:
    """What one connection brought."""

    peer: str
    plain_received: bytearray = field(default_factory=bytearray)
    """Everything that came in clear, before or without TLS."""
    handshake_received: bytearray = field(default_factory=bytearray)
    """Raw bytes from the moment the server waited for a ClientHello to the handshake's end."""
    tls_received: bytearray = field(default_factory=bytearray)
    """Everything that came within TLS, decrypted."""
    lines: list[str] = field(default_factory=list)
    """The lines that the client sent, without their ends, bodies left out."""
    bodies: list[bytes] = field(default_factory=list)
    """Messages as they came on the wire, final dot included."""
    tls_version: str = ""
    tls_error: str = ""
    server_name: str = ""
    """The SNI name."""
    deviation: Deviation | None = None
    ended_at: int = 0
    """Script line at which the client went away; 0: it did not."""
    finished: bool = False
    """Whether every step was played."""
    closed_by_client: bool = False
    opened_at: float = 0.0
    closed_at: float = 0.0

    @property
    def received(self) -> bytes:
        """Clear and decrypted bytes together."""
        return bytes(self.plain_received + self.tls_received)

    @property
    def client_hello(self) -> bool:
        """Whether the client began a TLS handshake, asked to or not."""
        return b"\x16\x03" in self.plain_received + self.handshake_received[:2]

    def verbs(self) -> list[str]:
        """The first word of each line, upper case."""
        return [line.split(" ")[0].upper() for line in self.lines]


class _ClientLeftError(Exception):
    """The client closed, or time was up; an ordinary end of a conversation."""


class ScriptedServer:
    """Plays a script to every client, each in its own thread, on loopback.

    A context manager; on leaving it fails with every deviation unless `strict` is False. A client
    that goes away early is no deviation (see `Connection.ended_at`). After the last step the
    server reads on, answers QUIT, and records. No connection lives longer than `limit` seconds.
    """

    def __init__(
        self,
        script: Script | str,
        pki: TestPki | None = None,
        *,
        hosts: Sequence[str] = ("127.0.0.1",),
        port: int = 0,
        strict: bool = True,
        limit: float = 15.0,
    ) -> None:
        self.script = parse_script(script) if isinstance(script, str) else script
        self.connections: list[Connection] = []
        self._pki = pki
        self._strict = strict
        self._limit = limit
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._live: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._errors: list[BaseException] = []
        self._listeners = _listen(hosts, port)
        self.host = hosts[0]
        self.port: int = self._listeners[0].getsockname()[1]
        self._wake_out, self._wake_in = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept, name="scripted-accept", daemon=True)
        self._acceptor.start()

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def connection(self) -> Connection:
        """The only connection; fails when there were none or several."""
        assert len(self.connections) == 1, f"{len(self.connections)} connections instead of one"
        return self.connections[0]

    @property
    def received(self) -> bytes:
        """Everything that every connection brought, clear and decrypted."""
        return b"".join(each.received for each in self.connections)

    @property
    def plain_received(self) -> bytes:
        """Everything that came in clear on any connection."""
        return b"".join(bytes(each.plain_received) for each in self.connections)

    @property
    def tls_received(self) -> bytes:
        """Everything that came within TLS on any connection."""
        return b"".join(bytes(each.tls_received) for each in self.connections)

    @property
    def deviations(self) -> list[Deviation]:
        """What clients did that the script does not say."""
        return [each.deviation for each in self.connections if each.deviation]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        notes = [str(each) for each in self.deviations] if self._strict else []
        notes += [f"the scripted server failed: {each!r}" for each in self._errors]
        if error is not None:
            for note in notes:
                error.add_note(note)
        elif notes:
            raise AssertionError("\n".join(notes))

    def wait(self, seconds: float = 5.0) -> None:
        """Waits until every connection so far is over, at most so long."""
        end = time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, end - time.monotonic()))

    def stop(self) -> None:
        """Lets running conversations end for a moment, then ends all; leaves no thread behind."""
        self.wait(0.3)
        self._stopped.set()
        self._wake_in.send(b"x")
        self._acceptor.join(5)
        with self._lock:
            for live in self._live:
                with contextlib.suppress(OSError):
                    live.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive(), f"{self.script.name}: a connection does not end"
        for each in (*self._listeners, self._wake_in, self._wake_out):
            each.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in (*self._listeners, self._wake_out):
                selector.register(each, selectors.EVENT_READ)
            while not self._stopped.is_set():
                for key, _ in selector.select():
                    if isinstance(key.fileobj, socket.socket) and key.fileobj in self._listeners:
                        self._greet(*key.fileobj.accept())

    def _greet(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        steps = self.script.part(len(self.connections))
        connection = Connection(peer[0], opened_at=time.monotonic())
        self.connections.append(connection)
        with self._lock:
            self._live.add(sock)
        thread = threading.Thread(
            target=self._serve, args=(sock, connection, steps), name="scripted", daemon=True
        )
        thread.start()
        self._threads.append(thread)  # only now: one that has not begun cannot be waited for

    def _serve(self, sock: socket.socket, connection: Connection, steps: Sequence[Step]) -> None:
        wire = Wire(sock, connection, self._limit, self._stopped)
        try:
            _Player(wire, connection, self.script.name, self._pki).play(steps)
        except _ClientLeftError:
            pass
        except (AssertionError, ValueError, KeyError) as error:
            self._errors.append(error)
        except OSError as error:
            connection.tls_error = connection.tls_error or str(error)
        finally:
            connection.closed_at = time.monotonic()
            with self._lock:
                self._live.discard(sock)
            sock.close()


class _Player:
    """One conversation."""

    def __init__(self, wire: Wire, connection: Connection, name: str, pki: TestPki | None) -> None:
        self._wire = wire
        self._connection = connection
        self._name = name
        self._pki = pki
        self._eats = False

    def play(self, steps: Sequence[Step]) -> None:
        for step in steps:
            try:
                over = self._do(step)
            except (_ClientLeftError, OSError):
                self._connection.ended_at = step.line
                raise
            if over:
                return
        self._connection.finished = True
        self._epilogue()

    def _do(self, step: Step) -> bool:
        """Does one step; whether it was the last one."""
        match step:
            case Send() | Flood() | Pause() | Drip() | Eat():
                self._pace(step)
            case Expect():
                return self._expect(step)
            case Body():
                self._body()
            case StartTls():
                self._start_tls(step)
            case Hang():
                self._until_gone()
                self._connection.finished = True
                return True
            case Gone():
                return self._gone(step)
            case Close():
                self._close(step.how)
                self._connection.finished = True
                return step.how != "half-close"
            case _:
                assert_never(step)
        return False

    def _pace(self, step: Send | Flood | Pause | Drip | Eat) -> None:
        match step:
            case Send():
                self._wire.send(step.data)
            case Flood():
                for _ in range(step.count):
                    self._wire.send(step.data)
            case Pause():
                self._wire.pause(step.seconds)
            case Drip():
                self._wire.drip = step.interval
            case Eat():
                self._eats = step.mode == "on"
                self._wire.discard()
            case _:
                assert_never(step)

    def _start_tls(self, step: StartTls) -> None:
        assert self._pki is not None, "this script needs certificates: pass pki"
        context = self._pki.context(step.kind, dict(step.options))
        if not self._wire.start_tls(context):
            raise _ClientLeftError

    def _line(self) -> str:
        line = self._wire.read_line()
        if line is None:
            self._connection.closed_by_client = True
            raise _ClientLeftError
        if self._eats:
            self._wire.discard()
        text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        self._connection.lines.append(text)
        return text

    def _expect(self, step: Expect) -> bool:
        got = self._line()
        if step.matches(got):
            return False
        return self._deviate(step.line, repr(step.pattern), repr(got))

    def _deviate(self, line: int, expected: str, got: str) -> bool:
        self._connection.deviation = Deviation(f"{self._name}:{line}", expected, got)
        return True

    def _gone(self, step: Gone) -> bool:
        try:
            got = self._line()
        except _ClientLeftError:
            self._connection.finished = True
            return True
        if got.upper() == "QUIT":  # a polite end is an end
            self._wire.send(b"221 2.0.0 bye\r\n")
            return self._gone(step)
        return self._deviate(step.line, "the client to go away", repr(got))

    def _body(self) -> None:
        body = bytearray()
        while not body.endswith(b"\r\n.\r\n") and body != b".\r\n":
            line = self._wire.read_line()
            if line is None:
                self._connection.closed_by_client = True
                self._connection.bodies.append(bytes(body))
                raise _ClientLeftError
            body += line
        self._connection.bodies.append(bytes(body))

    def _close(self, how: str) -> None:
        if how == "close":
            self._wire.close_notify()
        elif how == "half-close":
            self._wire.sock.shutdown(socket.SHUT_WR)
            return
        elif how == "reset":
            linger = struct.pack("ii", 1, 0)
            self._wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._wire.sock.close()

    def _until_gone(self) -> None:
        with contextlib.suppress(_ClientLeftError):
            while True:
                self._line()

    def _epilogue(self) -> None:
        with contextlib.suppress(_ClientLeftError):
            while True:
                if self._line().upper() == "QUIT":
                    self._wire.send(b"221 2.0.0 bye\r\n")


def _listen(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """One listener per address, all on the same port."""
    made: list[socket.socket] = []
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, made[0].getsockname()[1] if made else port))
        listener.listen(64)
        made.append(listener)
    return made
