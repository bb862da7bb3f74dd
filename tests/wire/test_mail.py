"""The mail transaction, and what a message looks like on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire.mail import Envelope, delivery, stuffed, transaction
from tests.playing import lines, play

TWO = Envelope("a@x.test", ("b@y.test", "c@z.test"), ("SIZE=10",))
OK = b"250 ok\r\n"
SMUGGLED = [
    "\n.\n",
    "\n.\r",
    "\r.\n",
    "\r.\r",
    "\n.\r\n",
    "\r.\r\n",
    "\r\n.\r\r\n",
    "\r\r\n.\r\r\n",
    "\r\n\0.\r\n",
]


def test_a_pipelined_transaction_is_one_group_with_data_last() -> None:
    dialogue = transaction(TWO, pipelining=True, deliver=True)
    group = next(dialogue)
    assert lines(list(group)) == [
        "MAIL FROM:<a@x.test> SIZE=10",
        "RCPT TO:<b@y.test>",
        "RCPT TO:<c@z.test>",
        "DATA",
    ]


def test_without_pipelining_each_command_waits_for_its_reply() -> None:
    dialogue = transaction(TWO, pipelining=False, deliver=True)
    assert len(next(dialogue)) == 1


def test_which_recipients_were_accepted_is_told_by_position() -> None:
    _, done = play(
        transaction(TWO, pipelining=True, deliver=True), OK, b"550 no\r\n", OK, b"354 go\r\n"
    )
    assert done.accepted == (1,)


def test_without_a_message_the_transaction_ends_in_rset() -> None:
    said, _ = play(transaction(TWO, pipelining=False, deliver=False), OK, OK, OK, OK)
    assert lines(said)[-1] == "RSET"


def test_data_is_not_said_when_nobody_was_accepted() -> None:
    said, done = play(
        transaction(TWO, pipelining=False, deliver=True), OK, b"550 a\r\n", b"550 b\r\n"
    )
    assert "DATA" not in lines(said)
    assert done.last is None


def test_a_refused_sender_ends_the_transaction() -> None:
    said, done = play(transaction(TWO, pipelining=False, deliver=True), b"553 no\r\n")
    assert len(said) == 1
    assert done.recipients == ()


def test_quit_leaves_with_the_message_where_the_server_pipelines() -> None:
    assert len(next(delivery(b"x\r\n", pipelining=True))) == 2
    assert len(next(delivery(b"x\r\n", pipelining=False))) == 1


@pytest.mark.parametrize("sequence", SMUGGLED)
def test_no_body_can_end_the_message_early(sequence: str) -> None:
    body = f"before{sequence}MAIL FROM:<e@e>\r\nRCPT TO:<f@f>\r\n".encode()
    _check_wire(stuffed(body) + b".\r\n")


@given(st.binary(max_size=200))
def test_whatever_the_message_holds_the_wire_is_clean(body: bytes) -> None:
    _check_wire(stuffed(body) + b".\r\n")


@given(st.lists(st.text("ab. ", max_size=5), max_size=6))
def test_unstuffing_gives_the_message_back(rows: list[str]) -> None:
    message = "".join(f"{row}\r\n" for row in rows).encode()
    wire = stuffed(message)
    back = b"".join(
        (line[1:] if line.startswith(b".") else line) for line in wire.splitlines(keepends=True)
    )
    assert back == message


def _check_wire(wire: bytes) -> None:
    assert wire.endswith(b".\r\n")
    assert b"\r\n.\r\n" not in wire[: -len(b".\r\n")]
    assert not wire.startswith(b".\r\n") or wire == b".\r\n"
    bare = wire.replace(b"\r\n", b"")
    assert not set(bare) & {0, 10, 13}
