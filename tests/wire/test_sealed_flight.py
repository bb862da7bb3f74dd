"""What TLS 1.3 encrypts of a server's flight, read from OpenSSL in memory and from any bytes."""

from __future__ import annotations

import random
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire.sealed_flight import SealedFlight
from tests.pki import TestPki
from tests.wire.tls_peer import HOST, SIZES, Peer

RANDOM = bytes(range(32))


def asked(context: ssl.SSLContext, size: int = 1_000_000) -> SealedFlight:
    session = SealedFlight(HOST, RANDOM)
    answer = Peer(context).answer(session.start())
    for at in range(0, len(answer), size):
        assert session.receive(answer[at : at + size]).outgoing == b""
    return session


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["good", "weak-key"])
def test_the_certificates_are_those_that_the_server_has(pki: TestPki, kind: str, size: int) -> None:
    session = asked(pki.context(kind), size)
    chain = pki.issue(kind).chain.decode()
    first = chain[: chain.index("-----END CERTIFICATE-----") + 25]
    assert session.certificates[0] == ssl.PEM_cert_to_DER_cert(first)
    assert (session.state, session.stapled, session.detail) == ("failed", False, "")


def test_a_server_that_wants_a_client_s_certificate_shows_its_own_all_the_same(
    pki: TestPki,
) -> None:
    assert asked(pki.context("good", {"client-cert": "required"})).certificates


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"max": "1.2"}, "protocol_version"),
        ({"curve": "secp384r1"}, "handshake_failure"),
    ],
)
def test_a_server_that_cannot_says_why(pki: TestPki, options: dict[str, str], detail: str) -> None:
    session = asked(pki.context("good", options))
    assert (session.certificates, session.detail) == ((), detail)


def test_a_record_under_another_key_is_not_believed(pki: TestPki) -> None:
    session = SealedFlight(HOST, RANDOM)
    answer = bytearray(Peer(pki.context("good")).answer(session.start()))
    answer[200] ^= 1
    session.receive(bytes(answer))
    assert session.certificates == ()
    assert session.detail == "a record that does not belong to the session"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    session = SealedFlight(HOST, RANDOM)
    session.receive(data)
    session.receive(b"")
    assert (session.state, session.certificates) == ("failed", ())
    assert session.detail


def test_no_change_of_a_real_flight_breaks_the_reader(pki: TestPki) -> None:
    dice = random.Random(8446)  # noqa: S311 - the same bytes every time
    context = pki.context("good")
    for _ in range(200):
        session = SealedFlight(HOST, RANDOM)
        data = bytearray(Peer(context).answer(session.start()))
        data = data[: dice.randrange(1, len(data) + 1)]
        for _ in range(dice.randrange(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        session.receive(bytes(data))
        session.receive(b"")
        assert session.state == "failed"
