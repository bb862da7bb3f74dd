"""DNS messages: a question as bytes, and what an answer's bytes say to it (RFC 1035, 6891, 8914).

The question is built here, so that it is on its way before dnspython is loaded and so that no
library encodes a name a second time; the answer is taken apart by dnspython.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    import dns.message
    import dns.name

TYPES = {"A": 1, "CNAME": 5, "MX": 15, "AAAA": 28, "SRV": 33}
UDP_SIZE = 1232
"""Largest UDP answer asked for: it passes every path unfragmented (DNS flag day 2020)."""
_RECURSION_DESIRED = 0x0100
_RESPONSE = 0x8000
_RCODES = {0: "noerror", 2: "servfail", 3: "nxdomain", 5: "refused"}
_FORMERR, _NOTIMP, _BADVERS = 1, 4, 16


@dataclass(frozen=True, slots=True)
class Question:
    """What one query asks for."""

    name: str
    """ASCII, without the final dot."""
    type: str
    """One of `TYPES`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server, or the lack of one, says to a question."""

    status: str
    """The words of `dns.query.status` in docs/facts.md, without `not-asked`."""
    values: tuple[str, ...] = ()
    """Addresses; for CNAME the name, for MX the names by preference, for SRV the records
    `PRIORITY WEIGHT PORT TARGET` (RFC 2782)."""
    chain: tuple[str, ...] = ()
    """The CNAME targets, in order."""
    loop: bool = False
    ttl: int = 0
    """Seconds, the least of the whole chain."""
    ede: tuple[str, ...] = ()
    """Extended DNS errors in words."""
    ede_codes: tuple[int, ...] = ()
    detail: str = ""
    """What a status alone does not say."""
    truncated: bool = False
    without_edns: bool = False
    """The server does not know EDNS: the question must be put again without it."""
    unfinished: bool = False
    """A server that does not recurse ended with an alias: its target is still to be asked for."""

    @property
    def conclusive(self) -> bool:
        """Whether another server need not be asked."""
        return self.status in ("noerror", "nodata", "nxdomain")


def ask_bytes(question: Question, ident: int, *, edns: bool = True) -> bytes:
    """One query message, recursion desired."""
    labels = [label.encode("ascii") for label in question.name.split(".")]
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    header = struct.pack("!6H", ident, _RECURSION_DESIRED, 1, 0, 0, int(edns))
    option = struct.pack("!BHHIH", 0, 41, UDP_SIZE, 0, 0) if edns else b""
    return header + name + struct.pack("!HH", TYPES[question.type], 1) + option


def load_parser() -> None:
    """Imports what `read_answer` needs; called while the question travels."""
    import dns.message
    import dns.rdtypes.ANY.CNAME
    import dns.rdtypes.ANY.OPT
    import dns.rdtypes.ANY.SOA
    import dns.rdtypes.IN.A
    import dns.rdtypes.IN.AAAA  # noqa: F401 - dnspython loads them by name at the first answer


def read_answer(data: bytes, question: Question, ident: int) -> Answer | None:
    """What the bytes say; None when they are no answer to this question (RFC 5452 section 9.1)."""
    import dns.exception
    import dns.message

    if len(data) < 12 or not _answers(data, ident):
        return None
    try:
        message = dns.message.from_wire(data, ignore_trailing=True, continue_on_error=True)
    except (dns.exception.DNSException, ValueError, struct.error) as error:
        return Answer("malformed", detail=str(error) or type(error).__name__)
    rcode = int(message.rcode())
    if not message.question:
        return _without_question(rcode)
    asked = message.question[0]
    name = asked.name.to_text(omit_final_dot=True)
    if name.lower() != question.name.lower() or int(asked.rdtype) != TYPES[question.type]:
        return None
    return _judged(message, rcode, question)


def _answers(data: bytes, ident: int) -> bool:
    number, flags = struct.unpack_from("!HH", data)
    return number == ident and bool(flags & _RESPONSE)


def _without_question(rcode: int) -> Answer | None:
    """A server that cannot read a question need not repeat it."""
    if rcode in (_FORMERR, _NOTIMP):
        return Answer(_failed(rcode), detail=_words(rcode), without_edns=True)
    return Answer(_RCODES[rcode]) if rcode in (2, 5) else None


def _failed(rcode: int) -> str:
    return {_FORMERR: "malformed", _NOTIMP: "refused"}.get(rcode, "servfail")


def _words(rcode: int) -> str:
    import dns.rcode

    return f"the server answered {dns.rcode.to_text(dns.rcode.Rcode.make(rcode))}"


def _judged(message: dns.message.Message, rcode: int, question: Question) -> Answer:
    import dns.edns
    import dns.flags

    errors = [each for each in message.options if isinstance(each, dns.edns.EDEOption)]
    told = Answer(
        "",
        ede=tuple(each.to_text() for each in errors),
        ede_codes=tuple(int(each.code) for each in errors),
        truncated=bool(message.flags & dns.flags.TC),
    )
    if rcode not in _RCODES:
        retry = rcode in (_FORMERR, _NOTIMP, _BADVERS)
        return replace(told, status=_failed(rcode), detail=_words(rcode), without_edns=retry)
    told = replace(told, **_followed(message, question))
    if rcode or told.values:
        return replace(told, status=_RCODES[rcode])
    if message.errors and not told.truncated:
        return replace(told, status="malformed", detail=str(message.errors[0].exception))
    if told.loop:
        return replace(told, status="servfail", detail="the aliases go round in a circle")
    return _empty(message, told)


def _empty(message: dns.message.Message, told: Answer) -> Answer:
    """No error and no address: there is none, or this server is not the one that knows."""
    import dns.flags
    import dns.rdatatype

    kinds = {int(rrset.rdtype) for rrset in message.authority}
    if message.flags & dns.flags.RA or dns.rdatatype.SOA in kinds:
        return replace(told, status="nodata")
    if told.chain:
        return replace(told, status="nodata", unfinished=True)
    if dns.rdatatype.NS in kinds and not message.flags & dns.flags.AA:
        return replace(told, status="refused", detail="the server only names other servers")
    return replace(told, status="nodata")


class _Followed(TypedDict):
    values: tuple[str, ...]
    chain: tuple[str, ...]
    loop: bool
    ttl: int


def _followed(message: dns.message.Message, question: Question) -> _Followed:
    """The aliases from the name asked for on, and the records at their end (RFC 1034, 3.6.2)."""
    kind, alias = TYPES[question.type], TYPES["CNAME"]
    internet = [rrset for rrset in message.answer if rrset and int(rrset.rdclass) == 1]
    found = {(rrset.name, int(rrset.rdtype)): rrset for rrset in internet}
    name, chain, ttls = message.question[0].name, [], []
    seen = {name}
    while (name, kind) not in found and (name, alias) in found:
        rrset = found[name, alias]
        name = rrset[0].target
        chain.append(_text(name))
        ttls.append(rrset.ttl)
        if name in seen:
            return _Followed(values=(), chain=tuple(chain), loop=True, ttl=0)
        seen.add(name)
    records = found.get((name, kind))
    ttls += [records.ttl] if records else []
    return _Followed(
        values=tuple(_value(record, question.type) for record in _sorted(records or ())),
        chain=tuple(chain),
        loop=False,
        ttl=min(ttls, default=0),
    )


def _sorted(records: Iterable[Any]) -> list[Any]:
    """MX records by preference; any other as they came."""
    return sorted(records, key=lambda record: getattr(record, "preference", 0))


def _value(record: Any, kind: str) -> str:
    if kind in ("A", "AAAA"):
        return str(record.address)
    if kind == "SRV":
        numbers = f"{record.priority} {record.weight} {record.port}"
        return f"{numbers} {_text(record.target)}"
    return _text(record.exchange if kind == "MX" else record.target)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)
