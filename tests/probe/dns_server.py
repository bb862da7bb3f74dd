"""A tiny DNS server on loopback for the tests: answers over UDP and TCP what a function says."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Handler = Callable[["Query"], "dns.message.Message | bytes | Sequence[bytes] | None"]


@dataclass(frozen=True)
class Query:
    """What a client asked."""

    message: dns.message.Message
    transport: str

    @property
    def name(self) -> str:
        return self.message.question[0].name.to_text(omit_final_dot=True)

    @property
    def type(self) -> str:
        return dns.rdatatype.to_text(self.message.question[0].rdtype)

    def reply(
        self,
        *records: str,
        rcode: str = "NOERROR",
        flags: str = "QR RD RA",
        ede: Sequence[tuple[int, str]] = (),
        authority: Sequence[str] = (),
    ) -> dns.message.Message:
        """A response with records in zone-file form: `mx.example. 300 IN A 192.0.2.1`."""
        made = dns.message.make_response(self.message, our_payload=1232)
        made.flags = dns.flags.from_text(flags)
        made.set_rcode(dns.rcode.from_text(rcode))
        made.answer = [_rrset(each) for each in records]
        made.authority = [_rrset(each) for each in authority]
        if ede:
            options: list[dns.edns.Option] = [
                dns.edns.EDEOption(dns.edns.EDECode(code), text) for code, text in ede
            ]
            made.use_edns(0, 0, 1232, options=options)
        return made


def _rrset(line: str) -> dns.rrset.RRset:
    name, ttl, _class, kind, *rest = line.split(maxsplit=4)
    return dns.rrset.from_text(name, int(ttl), "IN", kind, *rest)


@dataclass
class DnsServer:
    """Where it listens, and what it was asked."""

    port: int
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """(name, type, transport), in order."""

    @property
    def where(self) -> str:
        return f"127.0.0.1:{self.port}"


def zone(records: Sequence[str]) -> Handler:
    """Answers from these records, following aliases, as a resolver that knows all does."""
    known = [_rrset(each) for each in records]

    def answer(query: Query) -> dns.message.Message:
        lines: list[str] = []
        name, kind = query.message.question[0].name, query.message.question[0].rdtype
        for _ in range(8):
            here = [each for each in known if each.name == name]
            exact = [each for each in here if each.rdtype == kind]
            alias = [each for each in here if each.rdtype == dns.rdatatype.CNAME]
            lines += [each.to_text() for each in exact or alias]
            if exact or not alias:
                break
            name = alias[0][0].target
        return query.reply(
            *[line for text in lines for line in text.splitlines()],
            rcode="NOERROR" if any(each.name == name for each in known) else "NXDOMAIN",
        )

    return answer


@contextmanager
def serving(handler: Handler, *, tcp: bool = True) -> Iterator[DnsServer]:
    """Runs the server. A handler's bytes are sent as they are, several as several datagrams."""
    udp, listener = _pair()
    server = DnsServer(udp.getsockname()[1])
    wake, woken = socket.socketpair()
    if not tcp:
        listener.close()
    thread = threading.Thread(
        target=_serve, args=(server, handler, udp, listener if tcp else None, woken), daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        wake.send(b"x")
        thread.join(5)
        for each in (udp, listener, wake, woken):
            each.close()


def _pair() -> tuple[socket.socket, socket.socket]:
    for _ in range(20):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(udp.getsockname())
        except OSError:
            udp.close()
            listener.close()
            continue
        listener.listen()
        return udp, listener
    raise RuntimeError("no port is free for both UDP and TCP")


def _serve(
    server: DnsServer,
    handler: Handler,
    udp: socket.socket,
    listener: socket.socket | None,
    woken: socket.socket,
) -> None:
    with selectors.DefaultSelector() as selector:
        for each in filter(None, (udp, listener, woken)):
            selector.register(each, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    return
                if key.fileobj is udp:
                    data, client = udp.recvfrom(4096)
                    for answer in _answers(server, handler, data, "udp"):
                        udp.sendto(answer, client)
                elif listener is not None:
                    _stream(server, handler, listener)


def _stream(server: DnsServer, handler: Handler, listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(5)
        (size,) = struct.unpack("!H", connection.recv(2))
        for answer in _answers(server, handler, connection.recv(size), "tcp"):
            connection.sendall(struct.pack("!H", len(answer)) + answer)


def _answers(server: DnsServer, handler: Handler, data: bytes, transport: str) -> list[bytes]:
    query = Query(dns.message.from_wire(data), transport)
    server.asked.append((query.name, query.type, transport))
    said = handler(query)
    if said is None:
        return []
    if isinstance(said, dns.message.Message):
        return [said.to_wire(max_size=65535)]
    return [said] if isinstance(said, bytes) else list(said)


def swallow(_query: Query) -> None:
    """Never answers."""
