"""The quick reader of DNS answers says what dnspython says, or nothing."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import dns.flags
import dns.message
import dns.rdataclass
import dns.rrset
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smtpcheck.probe.resolve_plain import read_plain
from smtpcheck.probe.resolve_wire import TYPES, Answer, Question, _read_by_library, read_answer

IDENT = 77
NAMES = ("mx.example.test", "Mx.Example.Test", "a.test", "b.a.test", "d\\.d.test", "www.a.test")
RECORDS = {
    "A": ("192.0.2.1", "192.0.2.2", "127.0.0.1"),
    "AAAA": ("2001:db8::1", "::1", "::ffff:192.0.2.1", "::192.0.2.1", "fe80::1"),
    "CNAME": tuple(f"{name}." for name in NAMES),
    "NS": ("a.test.", "b.a.test."),
    "SOA": ("a.test. hostmaster.a.test. 1 2 3 4 5",),
    "TXT": ('"text"',),
}


def record(name: str, ttl: int, kind: str, value: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(f"{name}.", ttl, "IN", kind, value)


def answer_of(
    asked: str,
    kind: str,
    *sections: list[dns.rrset.RRset],
    flags: int = dns.flags.QR | dns.flags.RA,
    edns: bool = True,
) -> bytes:
    message = dns.message.make_query(f"{asked}.", kind, id=IDENT, use_edns=0 if edns else None)
    message.flags = dns.flags.Flag(flags)
    for section, records in zip(message.sections[1:], sections, strict=False):
        section.extend(records)
    return message.to_wire()


def by_library(data: bytes, question: Question) -> Answer | None:
    return _read_by_library(data, question)


def same(first: Answer | None, second: Answer | None) -> bool:
    """Addresses may be written in another way; whoever takes them normalises them."""
    return first is not None and second is not None and normal(first) == normal(second)


def normal(answer: Answer) -> Answer:
    return replace(answer, values=tuple(str(ipaddress.ip_address(v)) for v in answer.values))


@st.composite
def records(draw: st.DrawFn, kinds: tuple[str, ...], most: int) -> list[dns.rrset.RRset]:
    made = []
    for _ in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(kinds))
        value = draw(st.sampled_from(RECORDS[kind]))
        ttl = draw(st.sampled_from((0, 1, 300, 2**31 - 1)))
        made.append(record(draw(st.sampled_from(NAMES)), ttl, kind, value))
    return made


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, Question]:
    asked, kind = draw(st.sampled_from(NAMES[:4])), draw(st.sampled_from(("A", "AAAA")))
    data = answer_of(
        asked,
        kind,
        draw(records((kind, "CNAME", "CNAME", "A", "AAAA", "TXT"), 5)),
        draw(records(("NS", "SOA", "A"), 2)),
        draw(records(("A", "AAAA", "TXT"), 2)),
        flags=draw(st.sampled_from((0x8000, 0x8080, 0x8400, 0x8180, 0x8200, 0x8003, 0x8010))),
        edns=draw(st.booleans()),
    )
    return data, Question(asked, kind)


@given(messages())
def test_what_it_reads_is_what_the_library_reads(made: tuple[bytes, Question]) -> None:
    data, question = made
    if read_plain(data, question.name, TYPES[question.type]) is not None:
        assert same(read_answer(data, question, IDENT), by_library(data, question))


@given(messages(), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3))
@example((b"\x00M\x80\x00\x00\x01" + bytes(6) + b"\xc0\x0c", Question("a.test", "A")), [])
def test_damaged_bytes_are_read_alike_or_left_alone(
    made: tuple[bytes, Question], damage: list[tuple[int, int]]
) -> None:
    data, question = bytearray(made[0]), made[1]
    for place, value in damage:
        data[2 + place % (len(data) - 2)] = value
    if read_plain(bytes(data), question.name, TYPES[question.type]) is not None:
        quick = read_answer(bytes(data), question, IDENT)
        assert same(quick, by_library(bytes(data), question))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value(data: bytes) -> None:
    read_plain(data, "a.test", TYPES["A"])


PLAIN = {
    "an address": [[record("a.test", 60, "A", "192.0.2.1")]],
    "an alias": [
        [record("a.test", 60, "CNAME", "b.a.test."), record("b.a.test", 9, "A", "192.0.2.1")]
    ],
    "no address": [[], [record("test", 60, "SOA", RECORDS["SOA"][0])]],
    "servers named along": [
        [record("a.test", 60, "A", "192.0.2.1")],
        [record("test", 60, "NS", "a.test.")],
        [record("b.a.test", 60, "AAAA", "2001:db8::1")],
    ],
}


@pytest.mark.parametrize("case", PLAIN)
def test_the_usual_answers_are_plain(case: str) -> None:
    data = answer_of("a.test", "A", *PLAIN[case])
    assert read_plain(data, "a.test", TYPES["A"]) is not None
    question = Question("a.test", "A")
    assert same(read_answer(data, question, IDENT), by_library(data, question))


ODD = {
    "an error": answer_of("a.test", "A", [], flags=0x8083),
    "a truncated answer": answer_of("a.test", "A", PLAIN["an address"][0], flags=0x8280),
    "another name": answer_of("b.test", "A", PLAIN["an address"][0]),
    "another type": answer_of("a.test", "AAAA", []),
    "a circle": answer_of("a.test", "A", [record("a.test", 1, "CNAME", "a.test.")]),
    "a byte too many": answer_of("a.test", "A", PLAIN["an address"][0]) + b"\0",
    "an odd name": answer_of("a.test", "A", [record("a.test", 1, "CNAME", "b\\.c.test.")]),
    "a server that knows nothing": answer_of("a.test", "A", [], flags=0x8000),
}


@pytest.mark.parametrize("case", ODD)
def test_everything_else_is_left_to_the_library(case: str) -> None:
    assert read_plain(ODD[case], "a.test", TYPES["A"]) is None


def test_a_pointer_to_itself_ends() -> None:
    head = answer_of("a.test", "A", [], edns=False)[:12]
    assert read_plain(head + b"\xc0\x0c" + b"\0\1\0\1", "a.test", TYPES["A"]) is None
