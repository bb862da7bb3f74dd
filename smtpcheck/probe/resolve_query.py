"""Puts questions to DNS servers: all at the same time over UDP, over TCP where UDP cuts short."""

from __future__ import annotations

import os
import selectors
import socket
import struct
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from smtpcheck.model.value import dataclass
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.resolve_config import NameServer
from smtpcheck.probe.resolve_wire import Answer, Question, ask_bytes, load_parser, read_answer

RESEND = 1.0
"""Seconds after which the next server, or the same once more, is asked; earlier ones may still
answer. A lost packet costs one second instead of the C library's five."""
TURN = 0.25
"""Seconds of one look at the sockets."""
_WORTH = ("unreachable", "timeout", "malformed", "refused", "servfail")
"""How much each failure tells; the last is kept when servers fail in different ways."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long servers are waited for."""

    wait: float
    """Seconds that one try may take."""
    attempts: int = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to one question, and where it came from."""

    answer: Answer
    server: str = ""
    """`IP:port`; empty when nobody answered."""
    transport: str = ""
    """`udp` or `tcp`."""
    tried: tuple[str, ...] = ()
    """Every server that was asked, in order."""


def ask(
    questions: Sequence[Question], servers: Sequence[NameServer], pace: Pace, deadline: Deadline
) -> dict[Question, Asked]:
    """The best answer to each question; every server is asked until one is conclusive.

    A failure of the network is an answer with the status `timeout` or `unreachable`.
    """
    with closing(_Exchange(questions, deadline)) as exchange:
        for server in list(servers) * pace.attempts:
            if exchange.open and not deadline.expired:
                exchange.send(server, pace)
                exchange.listen(min(RESEND, pace.wait))
        exchange.listen(pace.wait)
        return exchange.results()


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    question: Question
    server: NameServer
    ident: int
    edns: bool
    sock: socket.socket


class _Exchange:
    def __init__(self, questions: Sequence[Question], deadline: Deadline) -> None:
        self.open = list(dict.fromkeys(questions))
        self._deadline = deadline
        self._best: dict[Question, Asked] = {}
        self._done: set[tuple[Question, NameServer]] = set()
        self._tried: dict[Question, list[str]] = {question: [] for question in self.open}
        self._waiting: list[_Sent] = []
        self._selector = selectors.DefaultSelector()
        self._pace = Pace(0.0)

    def close(self) -> None:
        """Closes every socket."""
        for sent in tuple(self._waiting):
            self._drop(sent)
        self._selector.close()

    def results(self) -> dict[Question, Asked]:
        """What is known by now; `timeout` for a question that nobody answered."""
        silent = Asked(Answer("timeout", detail="no answer in time"))
        return {
            question: replace(self._best.get(question, silent), tried=tuple(tried))
            for question, tried in self._tried.items()
        }

    def send(self, server: NameServer, pace: Pace) -> None:
        """Puts every open question to this server, unless it has failed at it."""
        self._pace = pace
        for question in tuple(self.open):
            if (question, server) not in self._done:
                self._send(question, server, edns=True)
        if self._waiting:
            load_parser()

    def _send(self, question: Question, server: NameServer, *, edns: bool) -> None:
        ident = int.from_bytes(os.urandom(2), "big")
        if str(server) not in self._tried[question]:
            self._tried[question].append(str(server))
        try:
            sock = _connected(server, socket.SOCK_DGRAM)
        except OSError as error:
            self._note(question, server, _fault(error))
            return
        sent = _Sent(question, server, ident, edns, sock)
        self._waiting.append(sent)
        self._selector.register(sock, selectors.EVENT_READ, sent)
        try:
            sock.send(ask_bytes(question, ident, edns=edns))
        except OSError as error:
            self._drop(sent)
            self._note(question, server, _fault(error))

    def listen(self, seconds: float) -> None:
        """Reads answers until all is settled, nobody is left to answer, or time is up."""
        end = self._deadline.within(seconds)
        while self.open and self._waiting and not end.expired and not self._deadline.expired:
            # In short turns, since the deadline may come nearer while this waits.
            for key, _ in self._selector.select(min(end.remaining(), TURN)):
                if key.data in self._waiting:
                    self._read(key.data)

    def _read(self, sent: _Sent) -> None:
        try:
            data = sent.sock.recv(65535)
        except BlockingIOError:
            return
        except OSError as error:
            answer: Answer | None = _fault(error)
        else:
            answer = read_answer(data, sent.question, sent.ident)
        if answer is None:
            return  # forged, or meant for somebody else: the true one may still come
        self._drop(sent)
        if answer.without_edns and sent.edns:
            self._send(sent.question, sent.server, edns=False)
        elif answer.truncated:
            self._over_tcp(sent, answer)
        else:
            self._note(sent.question, sent.server, answer, "udp")

    def _over_tcp(self, sent: _Sent, short: Answer) -> None:
        """RFC 7766: a truncated answer is asked for again, whole."""
        try:
            answer = _tcp(sent, self._deadline.within(self._pace.wait))
        except OSError as error:
            if short.values:
                self._note(sent.question, sent.server, replace(short, status="noerror"), "udp")
                return
            answer = _fault(error)
            answer = replace(answer, detail=f"cut short over UDP, and over TCP: {answer.detail}")
        self._note(sent.question, sent.server, answer, "tcp")

    def _note(
        self, question: Question, server: NameServer, answer: Answer, transport: str = ""
    ) -> None:
        if question not in self.open:
            return
        self._done.add((question, server))
        replied = answer.status not in ("timeout", "unreachable")
        known = self._best.get(question)
        if answer.conclusive:
            self.open.remove(question)
            for sent in [each for each in self._waiting if each.question == question]:
                self._drop(sent)
        elif known and _WORTH.index(known.answer.status) >= _WORTH.index(answer.status):
            return
        self._best[question] = Asked(
            answer, str(server) if replied else "", transport if replied else ""
        )

    def _drop(self, sent: _Sent) -> None:
        self._waiting.remove(sent)
        self._selector.unregister(sent.sock)
        sent.sock.close()


def _connected(server: NameServer, kind: int, timeout: float = 0.0) -> socket.socket:
    """A socket that hears this server alone (RFC 5452 section 9.1)."""
    rows = socket.getaddrinfo(server.address, server.port, type=kind, flags=socket.AI_NUMERICHOST)
    sock = socket.socket(rows[0][0], kind)
    try:
        sock.settimeout(timeout)
        sock.connect(rows[0][4])
    except OSError:
        sock.close()
        raise
    return sock


def _tcp(sent: _Sent, deadline: Deadline) -> Answer:
    """One question over TCP. Raises OSError."""
    query = ask_bytes(sent.question, sent.ident, edns=sent.edns)
    with _connected(sent.server, socket.SOCK_STREAM, max(deadline.remaining(), 0.001)) as sock:
        sock.sendall(struct.pack("!H", len(query)) + query)
        (size,) = struct.unpack("!H", _exactly(sock, 2, deadline))
        answer = read_answer(_exactly(sock, size, deadline), sent.question, sent.ident)
    return answer or Answer("malformed", detail="the answer over TCP belongs to no question")


def _exactly(sock: socket.socket, size: int, deadline: Deadline) -> bytes:
    got = b""
    while len(got) < size:
        if deadline.expired:
            raise TimeoutError("timed out")
        sock.settimeout(deadline.remaining())
        piece = sock.recv(size - len(got))
        if not piece:
            raise ConnectionResetError("the server closed the connection")
        got += piece
    return got


def _fault(error: OSError) -> Answer:
    kind = "timeout" if isinstance(error, TimeoutError) else "unreachable"
    return Answer(kind, detail=error.strerror or str(error))
