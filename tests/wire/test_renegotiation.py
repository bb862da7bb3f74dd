"""A session made by hand, against OpenSSL in memory, and against bytes of any kind."""

from __future__ import annotations

import random
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire.renegotiation import RenegotiationSession
from tests.pki import TestPki
from tests.wire.tls_peer import GREETING, HOST, SIZES, Peer

RANDOM = bytes(range(32))
ALLOW_CLIENT_RENEGOTIATION = 1 << 8
"""OpenSSL's SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which Python does not name."""


def talk(context: ssl.SSLContext, size: int = 1_000_000, greeting: bytes = GREETING) -> Peer:
    """Both sides until the client's is done or nothing is left to say."""
    peer = Peer(context, greeting)
    session = RenegotiationSession(HOST, RANDOM)
    said = session.start()
    while said and session.state == "handshaking":
        answer, said = peer.answer(said), b""
        for at in range(0, len(answer), size):
            said += session.receive(answer[at : at + size]).outgoing
    peer.session = session  # type: ignore[attr-defined]  # handed back with the server's side
    return peer


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("greeting", [GREETING, b""])
@pytest.mark.parametrize("options", ["", "curve=prime256v1", "curve=secp384r1"])
def test_a_server_that_forbids_it_refuses(
    pki: TestPki, options: str, greeting: bytes, size: int
) -> None:
    context = pki.context("good", dict(each.split("=") for each in options.split()))
    peer = talk(context, size, greeting)
    session: RenegotiationSession = peer.session  # type: ignore[attr-defined]
    assert peer.done, session.detail
    assert (session.told, session.detail) == ("refused", "no_renegotiation")


@pytest.mark.parametrize("kind", ["good", "weak-key"])
@pytest.mark.parametrize("size", SIZES)
def test_a_server_that_allows_it_accepts(pki: TestPki, kind: str, size: int) -> None:
    context = pki.context(kind)
    before = context.options
    context.options = (before | ALLOW_CLIENT_RENEGOTIATION) & ~ssl.OP_NO_RENEGOTIATION
    try:
        peer = talk(context, size)
    finally:
        context.options = before
    session: RenegotiationSession = peer.session  # type: ignore[attr-defined]
    assert (session.told, session.detail) == ("accepted", "")
    assert session.state == "failed"


def test_a_server_without_such_a_session_is_not_judged(pki: TestPki) -> None:
    for options in ({"min": "1.3"}, {"max": "1.1", "min": "1.0"}):
        session: RenegotiationSession = talk(pki.context("good", options)).session  # type: ignore[attr-defined]
        assert session.told == "no-session"
        assert session.detail


def test_silence_after_the_question_is_told_from_silence_before_it() -> None:
    session = RenegotiationSession(HOST, RANDOM)
    session.failed_by("timeout", "")
    assert (session.told, session.detail) == ("no-session", "timeout")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_session(data: bytes) -> None:
    session = RenegotiationSession(HOST, RANDOM)
    session.start()
    session.receive(data)
    session.receive(b"")
    assert (session.state, session.told) == ("failed", "no-session")


def test_no_change_of_a_real_flight_breaks_the_session(pki: TestPki) -> None:
    dice = random.Random(5746)  # noqa: S311 - the same bytes every time
    hello = RenegotiationSession(HOST, RANDOM).start()
    flight = Peer(pki.context("good", {"max": "1.2"})).answer(hello)
    for _ in range(400):
        data = bytearray(flight[: dice.randrange(1, len(flight) + 1)])
        for _ in range(dice.randrange(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        session = RenegotiationSession(HOST, RANDOM)
        session.start()
        session.receive(bytes(data))
        session.receive(b"")
        assert session.told in ("no-session", "refused")


def test_nothing_can_be_said_in_the_session() -> None:
    session = RenegotiationSession(HOST, RANDOM)
    with pytest.raises(RuntimeError):
        session.seal(b"AUTH PLAIN")
    assert (session.verified, session.close()) == (False, b"")
