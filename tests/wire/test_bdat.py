"""The message by BDAT (RFC 3030)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire import mail
from smtpcheck.wire.command import Say
from smtpcheck.wire.lines import canonical
from smtpcheck.wire.mail import Envelope, chunked_delivery, transaction
from tests.playing import lines, play

TWO = Envelope("a@x.test", ("b@y.test", "c@z.test"))
OK = b"250 ok\r\n"


def chunks(said: list[Say]) -> list[tuple[str, bytes]]:
    """Command and octets of each BDAT, as a server reads them."""
    found = []
    wire = b"".join(say.wire for say in said)
    while wire.startswith(b"BDAT "):
        line, _, rest = wire.partition(b"\r\n")
        size = int(line.split()[1])
        assert len(rest) >= size
        found.append((line.decode(), rest[:size]))
        wire = rest[size:]
    assert wire in (b"", b"QUIT\r\n")
    return found


def test_the_group_of_a_pipelined_envelope_ends_with_the_last_recipient() -> None:
    dialogue = transaction(TWO, pipelining=True, deliver=True, bdat=True)
    assert lines(list(next(dialogue)))[-1] == "RCPT TO:<c@z.test>"
    _, done = play(
        transaction(TWO, pipelining=True, deliver=True, bdat=True), OK, OK, b"550 no\r\n"
    )
    assert (done.accepted, done.last) == ((0,), None)
    _, done = play(transaction(TWO, pipelining=False, deliver=True, bdat=True), OK, OK, OK)
    assert (done.accepted, done.last) == ((0, 1), None)


def test_a_small_message_is_one_chunk_with_quit_behind_it_where_the_server_pipelines() -> None:
    said, done = play(chunked_delivery(b".\r\n..\r\nx\r\n", pipelining=True), OK, b"221 bye\r\n")
    assert chunks(said) == [("BDAT 10 LAST", b".\r\n..\r\nx\r\n")]
    assert lines(said)[-1] == "QUIT"
    assert done.parting is not None
    assert done.whole


def test_a_large_message_is_cut_and_each_piece_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "CHUNK", 8)
    message = b"0123456\r\n" * 3
    dialogue = chunked_delivery(message, pipelining=True)
    assert len(next(dialogue)) == 1
    said, done = play(chunked_delivery(message, pipelining=True), OK, OK, OK, OK, b"221 bye\r\n")
    assert b"".join(data for _, data in chunks(said)) == message
    assert [line for line, _ in chunks(said)] == ["BDAT 8", "BDAT 8", "BDAT 8", "BDAT 3 LAST"]
    assert len(done.verdicts) == 1


def test_behind_a_refused_chunk_nothing_more_of_the_message_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail, "CHUNK", 8)
    said, done = play(chunked_delivery(b"x" * 20, pipelining=True), OK, b"552 5.3.4 too big\r\n")
    assert len(said) == 2
    assert not done.whole


def test_lmtp_hears_one_verdict_for_each_recipient_behind_the_last_chunk() -> None:
    said, done = play(chunked_delivery(b"x\r\n", pipelining=False, verdicts=2), OK, b"552 full\r\n")
    assert [len(say.wire) for say in said] == [len(b"BDAT 3 LAST\r\nx\r\n"), 0]
    assert len(done.verdicts) == 2


@given(st.binary(max_size=200))
def test_whatever_the_message_holds_the_server_reads_the_same_clean_lines(body: bytes) -> None:
    said, _ = play(chunked_delivery(body, pipelining=True), OK, b"221 bye\r\n")
    [(_, data)] = chunks(said)
    assert data == canonical(body)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", data)
    assert not data or data.endswith(b"\r\n")
