"""SSL 2: a hello in its own format, and what servers answer to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire.ssl2_hello import Ssl2Question
from tests.pki import TestPki
from tests.wire.tls_peer import SIZES, Peer

CHALLENGE = bytes(range(16))
SERVER_HELLO = (
    bytes.fromhex("8013 04 00 01 0002 0000 0003 0010 0700c0".replace(" ", "")) + CHALLENGE
)


def test_the_hello_has_the_old_format() -> None:
    hello = Ssl2Question(CHALLENGE).start()
    assert hello[:5].hex() == "802e010002"
    assert int.from_bytes(hello[:2], "big") & 0x7FFF == len(hello) - 2
    assert hello.endswith(CHALLENGE)


@pytest.mark.parametrize("size", SIZES)
def test_a_server_hello_of_ssl_2_is_told_from_all_others(size: int) -> None:
    for answer, taken in (
        (SERVER_HELLO, True),
        (SERVER_HELLO.replace(b"\0\2", b"\0\3", 1), False),
        (b"\x80\x03\0\0\1\0\0\0", False),
        (b"\x15\3\1\0\2\2\x46", False),
        (b"421 4.7.0 busy\r\n", False),
        (b"", False),
    ):
        question = Ssl2Question(CHALLENGE)
        for at in range(0, len(answer), size):
            question.receive(answer[at : at + size])
        question.receive(b"")
        assert (question.state, question.taken) == ("failed", taken), answer
        assert bool(question.words) == answer.startswith(b"421")


def test_a_server_of_today_does_not_take_it(pki: TestPki) -> None:
    question = Ssl2Question(CHALLENGE)
    question.receive(Peer(pki.context("good", {"min": "1.0"})).answer(question.start()))
    question.receive(b"")
    assert question.taken is False


@given(st.binary(max_size=60))
def test_no_bytes_break_the_question(data: bytes) -> None:
    question = Ssl2Question(CHALLENGE)
    question.receive(data)
    question.failed_by("timeout", "")
    assert question.state == "failed"
