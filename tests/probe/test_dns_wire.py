"""Questions and answers as bytes."""

from __future__ import annotations

from collections.abc import Sequence

import dns.message
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.probe.resolve_wire import Answer, Question, ask_bytes, read_answer
from tests.probe.dns_server import Query, _rrset

ASK = Question("mx.example", "A")
IDENT = 4711


def query(question: Question = ASK) -> Query:
    return Query(dns.message.from_wire(ask_bytes(question, IDENT)), "udp")


def read(
    *records: str,
    question: Question = ASK,
    rcode: str = "NOERROR",
    flags: str = "QR RD RA",
    ede: Sequence[tuple[int, str]] = (),
    authority: Sequence[str] = (),
) -> Answer:
    made = query(question).reply(*records, rcode=rcode, flags=flags, ede=ede, authority=authority)
    answer = read_answer(made.to_wire(), question, IDENT)
    assert answer is not None
    return answer


@pytest.mark.parametrize("kind", ["A", "AAAA", "MX", "CNAME"])
def test_a_question_is_what_dnspython_reads(kind: str) -> None:
    message = dns.message.from_wire(ask_bytes(Question("_a.MX.example", kind), 513))
    assert message.id == 513
    assert message.question[0].to_text() == f"_a.MX.example. IN {kind}"
    assert (message.edns, message.payload) == (0, 1232)
    assert dns.message.from_wire(ask_bytes(ASK, 1, edns=False)).edns == -1


def test_addresses_come_with_the_least_ttl_of_the_chain() -> None:
    answer = read(
        "MX.example. 3600 IN CNAME b.example.",
        "b.example. 20 IN CNAME C.example.",
        "c.example. 300 IN A 192.0.2.1",
        "stranger.example. 1 IN A 192.0.2.99",
    )
    assert answer == Answer(
        "noerror", values=("192.0.2.1",), chain=("b.example", "C.example"), ttl=20
    )


@pytest.mark.parametrize(
    ("rcode", "status", "again"),
    [
        ("NXDOMAIN", "nxdomain", False),
        ("SERVFAIL", "servfail", False),
        ("REFUSED", "refused", False),
        ("FORMERR", "malformed", True),
        ("NOTIMP", "refused", True),
        ("BADVERS", "servfail", True),
        ("NOTAUTH", "servfail", False),
    ],
)
def test_each_rcode_has_its_word(rcode: str, status: str, again: bool) -> None:
    answer = read(rcode=rcode)
    assert (answer.status, answer.without_edns) == (status, again)


SOA = "example. 60 IN SOA ns.example. root.example. 1 2 3 4 5"


@pytest.mark.parametrize(
    ("records", "flags", "authority", "status", "unfinished"),
    [
        ([], "QR RD RA", [SOA], "nodata", False),
        ([], "QR RD RA", [], "nodata", False),
        ([], "QR AA RD", [SOA], "nodata", False),
        ([], "QR RD", ["example. 60 IN NS ns.example."], "refused", False),
        (["mx.example. 9 IN CNAME b.test."], "QR AA RD", [], "nodata", True),
        (["mx.example. 9 IN CNAME b.test."], "QR RD RA", [], "nodata", False),
        (["mx.example. 9 IN CNAME b.test."], "QR AA RD", [SOA], "nodata", False),
    ],
)
def test_nothing_is_not_always_no_data(
    records: list[str], flags: str, authority: list[str], status: str, unfinished: bool
) -> None:
    answer = read(*records, flags=flags, authority=authority)
    assert (answer.status, answer.unfinished) == (status, unfinished)


def test_a_circle_of_aliases_is_recognised() -> None:
    answer = read("mx.example. 9 IN CNAME b.example.", "B.example. 9 IN CNAME MX.example.")
    assert (answer.status, answer.loop) == ("servfail", True)
    assert answer.chain == ("b.example", "mx.example")


def test_extended_errors_are_kept_in_words_and_numbers() -> None:
    answer = read(rcode="SERVFAIL", ede=[(6, "signature \x1b[31mwrong"), (22, "")])
    assert answer.ede_codes == (6, 22)
    assert "DNSSEC Bogus" in answer.ede[0]
    assert "signature" in answer.ede[0]


def test_mail_exchangers_and_aliases_are_names() -> None:
    mx = Question("mx.example", "MX")
    assert read("mx.example. 1 IN MX 5 a.example.", question=mx).values == ("a.example",)
    assert read("mx.example. 1 IN MX 0 .", question=mx).values == (".",)
    alias = Question("mx.example", "CNAME")
    assert read("mx.example. 1 IN CNAME a.example.", question=alias).values == ("a.example",)


def test_only_the_answer_to_this_question_counts() -> None:
    right = query().reply("mx.example. 9 IN A 192.0.2.1")
    wire = right.to_wire()
    assert read_answer(wire, ASK, IDENT)
    assert read_answer(wire, ASK, IDENT + 1) is None
    assert read_answer(wire, Question("mx.example", "AAAA"), IDENT) is None
    assert read_answer(wire, Question("my.example", "A"), IDENT) is None
    assert read_answer(ask_bytes(ASK, IDENT), ASK, IDENT) is None
    assert read_answer(b"\0" * 11, ASK, IDENT) is None


@pytest.mark.parametrize(
    ("rcode", "expected"),
    [
        (1, ("malformed", True)),
        (4, ("refused", True)),
        (2, ("servfail", False)),
        (5, ("refused", False)),
    ],
)
def test_an_error_may_leave_the_question_out(rcode: int, expected: tuple[str, bool]) -> None:
    answer = read_answer(bytes([18, 103, 0x81, 0x80 | rcode]) + b"\0" * 8, ASK, IDENT)
    assert answer is not None
    assert (answer.status, answer.without_edns) == expected


def test_an_empty_success_without_a_question_is_no_answer() -> None:
    assert read_answer(bytes([18, 103, 0x81, 0x80]) + b"\0" * 8, ASK, IDENT) is None


def test_a_record_cut_off_in_the_middle_is_malformed() -> None:
    wire = query().reply("mx.example. 9 IN A 192.0.2.1", flags="QR RD RA").to_wire()
    cut = wire[: wire.index(b"\xc0\x00\x02\x01") + 2]
    answer = read_answer(cut, ASK, IDENT)
    assert answer is not None
    assert answer.status == "malformed"
    assert answer.detail


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise(tail: bytes) -> None:
    head = query().reply("mx.example. 9 IN A 192.0.2.1").to_wire()
    read_answer(head[:28] + tail, ASK, IDENT)
    read_answer(head[:12] + tail, ASK, IDENT)
    read_answer(head[:2] + tail, ASK, IDENT)


@given(st.integers(0, 200), st.integers(0, 255))
def test_no_flipped_byte_makes_the_reader_raise(place: int, value: int) -> None:
    made = query().reply(
        "mx.example. 9 IN CNAME b.example.",
        "b.example. 9 IN A 192.0.2.1",
        ede=[(6, "why")],
        authority=[SOA],
    )
    wire = bytearray(made.to_wire())
    wire[place % len(wire)] = value
    read_answer(bytes(wire), ASK, IDENT)


def test_the_test_server_writes_what_it_is_told() -> None:
    assert _rrset("a.example. 5 IN A 192.0.2.1").rdtype == dns.rdatatype.A
