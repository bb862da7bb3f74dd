"""Cutting bytes into replies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.reply import Defect, Reply
from smtpcheck.wire.reply_parser import LINE_LIMIT, LINES_LIMIT, ReplyParser, sound

D = Defect
CASES = [
    (b"220 mx.test ESMTP\r\n", 220, "", "mx.test ESMTP", set()),
    (b"250\r\n", 250, "", "", set()),
    (b"250 \r\n", 250, "", "", set()),
    (b"220-one\r\n220-two\r\n220 three\r\n", 220, "", "one two three", set()),
    (b"250-a\r\n250\r\n", 250, "", "a", set()),
    (b"250 ok\n", 250, "", "ok", {D.BARE_LF}),
    (b"250-a\n250 b\n", 250, "", "a b", {D.BARE_LF}),
    (b"535 5.7.8 no\r\n", 535, "5.7.8", "no", set()),
    (b"550-5.7.1 first\r\n550 5.7.1 second\r\n", 550, "5.7.1", "first second", set()),
    (b"250 2.1.0\r\n", 250, "2.1.0", "", set()),
    (b"250 2.1.0.4 is no code\r\n", 250, "", "2.1.0.4 is no code", set()),
    (b"250-a\r\n550 b\r\n", 550, "", "a b", {D.CODE_CHANGED}),
    (b"250-a\r\nwrapped\r\n250 b\r\n", 250, "", "a wrapped b", {D.NOT_A_REPLY}),
    (b"HTTP/1.1 400 Bad Request\r\n", 0, "", "HTTP/1.1 400 Bad Request", {D.NOT_A_REPLY}),
    (b"\r\n", 0, "", "", {D.NOT_A_REPLY}),
    (b"2500 ok\r\n", 0, "", "2500 ok", {D.NOT_A_REPLY}),
    (b"25 ok\r\n", 0, "", "25 ok", {D.NOT_A_REPLY}),
    (b"199 ok\r\n", 0, "", "199 ok", {D.NOT_A_REPLY}),
    (b"600 ok\r\n", 0, "", "600 ok", {D.NOT_A_REPLY}),
    (b"250 gr\xfc\xdf\r\n", 250, "", "gr\\xfc\\xdf", {D.NON_ASCII}),
    ("250 grüß\r\n".encode(), 250, "", "grüß", {D.NON_ASCII}),
    (b"250 a\0b\r\n", 250, "", "a\0b", set()),
    (b"250 a\rb\r\n", 250, "", "a\rb", set()),
]


@pytest.mark.parametrize(("raw", "code", "enhanced", "text", "defects"), CASES)
@pytest.mark.parametrize("step", [1, 2, 3, 1000])
def test_any_cut_gives_the_same_reply(
    raw: bytes, code: int, enhanced: str, text: str, defects: set[Defect], step: int
) -> None:
    found = _feed(raw, step)
    assert [(r.code, r.enhanced, r.text, set(r.defects)) for r in found] == [
        (code, enhanced, text, defects)
    ]
    assert found[0].raw == raw


@given(st.lists(st.binary(max_size=60), max_size=8), st.integers(1, 9))
def test_nothing_is_lost_and_nothing_raises(pieces: list[bytes], step: int) -> None:
    raw = b"\n".join(pieces)
    parser = ReplyParser()
    got = b""
    for start in range(0, len(raw), step):
        parser.feed(raw[start : start + step])
        while (reply := parser.take()) is not None:
            got += reply.raw
    rest = parser.finish()
    assert got + (rest.raw if rest else b"") == raw


def test_two_replies_in_one_packet_are_two_replies() -> None:
    assert [r.code for r in _feed(b"250 a\r\n354 b\r\n", 1000)] == [250, 354]


def test_a_line_without_end_closes_the_reply_at_its_limit() -> None:
    parser = ReplyParser()
    for _ in range(100):
        parser.feed(b"220 " + b"x" * 1_000_000)
    reply = parser.take()
    assert reply is not None
    assert Defect.TOO_LONG in reply.defects
    assert len(reply.raw) <= LINE_LIMIT
    assert parser.overrun
    assert parser.pending == b""


@pytest.mark.parametrize("line", [b"220-x\r\n", b"220-" + b"x" * 500 + b"\r\n"])
def test_an_endless_reply_is_cut(line: bytes) -> None:
    parser = ReplyParser()
    for _ in range(5_000):
        parser.feed(line)
    reply = parser.take()
    assert reply is not None
    assert Defect.TOO_LONG in reply.defects
    assert len(reply.lines) <= LINES_LIMIT
    assert parser.take() is None


def test_a_challenge_of_the_longest_allowed_size_is_whole() -> None:
    raw = b"334 " + b"A" * 12_288 + b"\r\n"
    (reply,) = _feed(raw, 4096)
    assert not reply.defects
    assert reply.raw == raw


def test_what_had_come_of_a_reply_is_kept() -> None:
    parser = ReplyParser()
    parser.feed(b"250-mx.test\r\n250-SIZ")
    assert parser.pending == b"250-mx.test\r\n250-SIZ"
    rest = parser.finish()
    assert rest is not None
    assert rest.raw == b"250-mx.test\r\n250-SIZ"
    assert Defect.UNFINISHED in rest.defects
    assert not sound(rest)


def test_drain_takes_everything_in_order() -> None:
    parser = ReplyParser()
    parser.feed(b"250 a\r\n250-b\r\n25")
    assert parser.drain() == b"250 a\r\n250-b\r\n25"
    assert not parser.waiting


def _feed(raw: bytes, step: int) -> list[Reply]:
    parser = ReplyParser()
    found = []
    for start in range(0, len(raw), step):
        parser.feed(raw[start : start + step])
        while (reply := parser.take()) is not None:
            found.append(reply)
    return found
