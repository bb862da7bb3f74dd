"""A server's first flight, read from bytes: real ones, cut ones, changed ones, noise."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire.client_hello import Offer
from smtpcheck.wire.hello_session import HelloSession
from smtpcheck.wire.server_flight import LIMIT, Choice, MalformedError, ServerFlight

# The ServerHello of RFC 8448 section 3.
RFC_8448 = bytes.fromhex(
    "16 03 03 00 5a 02 00 00 56 03 03 a6 af 06 a4 12 18 60 dc 5e 6e 60 24 9c d3 4c 95 93 0c 8a c5"
    "cb 14 34 da c1 55 77 2e d3 e2 69 28 00 13 01 00 00 2e 00 33 00 24 00 1d 00 20 c9 82 88 76 11"
    "20 95 fe 66 76 2b db f7 c6 72 e1 56 d6 cc 25 3b 83 3d f1 dd 69 b1 b0 4e 75 1f 0f 00 2b 00 02"
    "03 04"
)


def record(kind: int, content: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(content).to_bytes(2, "big") + content


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def hello(suite: int = 0xC02F, compression: int = 0, version: int = 0x0303) -> bytes:
    body = version.to_bytes(2, "big") + bytes(32) + b"\x01\x07" + suite.to_bytes(2, "big")
    return message(2, body + bytes([compression]))


DONE = message(14, b"")
STATUS = message(22, b"\x01\0\0\x02\x30\x00")


def read(data: bytes, size: int = 1_000_000) -> ServerFlight:
    flight = ServerFlight()
    for at in range(0, len(data), size):
        flight.feed(data[at : at + size])
    return flight


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_hello_of_the_rfc_is_tls_1_3(size: int) -> None:
    flight = read(RFC_8448, size)
    assert flight.done
    assert flight.choice == Choice(
        version="1.3", suite=0x1301, extensions=frozenset({51, 43}), group="x25519"
    )


@pytest.mark.parametrize(
    ("group", "name"),
    [(0x11EC, "X25519MLKEM768"), (0x001D, "x25519"), (0xABCD, "group 43981")],
)
def test_a_request_to_say_hello_again_names_the_group_that_is_wanted(group: int, name: str) -> None:
    asks_again = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    share = b"\0\x33\0\2" + group.to_bytes(2, "big")
    extensions = b"\0\x2b\0\2\3\4" + share
    body = b"\3\3" + asks_again + b"\0\x13\1\0" + len(extensions).to_bytes(2, "big") + extensions
    choice = read(record(22, message(2, body))).choice
    assert choice is not None
    assert (choice.version, choice.group, choice.sentinel) == ("1.3", name, False)


def test_a_flight_that_is_cut_short_anywhere_shows_no_choice() -> None:
    exchange = message(12, b"\x03\x00\x17" + b"\x02ab" + b"\x04\x01" + b"\x00\x01x")
    certificate = message(11, b"\0\0\6\0\0\3abc")
    whole = record(22, hello() + certificate + STATUS + exchange + DONE)
    for end in range(len(whole)):
        flight = read(whole[:end])
        assert (flight.done, flight.choice) == (False, None)
    assert read(whole).choice is not None


@given(st.binary(max_size=80), st.integers(11, 25))
def test_no_content_of_a_message_breaks_the_reader(content: bytes, kind: int) -> None:
    data = record(22, hello() + message(kind, content) + DONE)
    session = HelloSession(Offer(highest="1.2", suites=[0xC02F]), bytes(32))
    session.receive(data)
    session.receive(b"")
    assert session.kind in ("choice", "corrupted", "closed")


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_messages_may_share_a_record_or_be_spread_over_several(size: int) -> None:
    whole = hello(compression=1) + STATUS + DONE
    together, apart = record(22, whole), b"".join(record(22, bytes([each])) for each in whole)
    for data in (together, apart):
        choice = read(data, size).choice
        assert choice is not None
        assert (choice.version, choice.compression, choice.resumable) == ("1.2", 1, True)
        assert choice.stapled


def test_an_elliptic_curve_and_its_signature_are_read() -> None:
    exchange = message(12, b"\x03\x00\x17" + b"\x02ab" + b"\x04\x01" + b"\x00\x01x")
    choice = read(record(22, hello() + exchange + DONE)).choice
    assert choice is not None
    assert (choice.group, choice.signature) == ("secp256r1", 0x0401)


def test_a_diffie_hellman_prime_is_measured_in_bits() -> None:
    prime = b"\x40" + bytes(95)  # 767 bits: the first byte is 0100 0000
    exchange = message(12, b"\0\x60" + prime + b"\0\x01\x02" + b"\0\x01\x05")
    choice = read(record(22, hello(0x0033, version=0x0301) + exchange + DONE)).choice
    assert choice is not None
    assert (choice.version, choice.dh_bits, choice.signature) == ("1.0", 767, 0)


def test_an_export_key_is_no_reason_to_give_up() -> None:
    exchange = message(12, b"\0\x40" + bytes(64) + b"\0\x03\x01\0\x01")
    choice = read(record(22, hello(0x0003, version=0x0300) + exchange + DONE)).choice
    assert choice is not None
    assert (choice.version, choice.weakness) == ("ssl3", "export")


def test_a_warning_is_passed_over_and_a_fatal_alert_is_the_end() -> None:
    warning = record(21, b"\x01\x70")
    flight = read(warning + record(22, hello() + DONE))
    assert flight.choice is not None
    flight = read(record(21, b"\x02\x46"))
    assert (flight.done, flight.alert, flight.choice) == (True, 70, None)


@pytest.mark.parametrize(
    "data",
    [
        b"220 mail.example.test ESMTP\r\n",
        b"\x16\x02\x00\x00\x01\x00",
        record(22, DONE),
        record(23, b"secret"),
        record(22, hello()[:-1] + b"\0" + message(11, b"\0\0\x09\0\0\xff")),
        record(22, message(2, b"\x03\x03")),
        record(22, hello() + message(99, b"")),
    ],
)
def test_what_is_no_flight_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read(data)


def test_an_endless_flight_is_given_up() -> None:
    flight = ServerFlight()
    piece = record(22, bytes([11]) + b"\xff\xff\xff" + bytes(16_000))
    flight.feed(record(22, hello()))
    for _ in range(LIMIT // len(piece) - 1):
        assert not flight.feed(piece)
    with pytest.raises(MalformedError, match="too much"):
        flight.feed(piece * 2)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    session = HelloSession(Offer(suites=[0x1301]), bytes(32))
    session.receive(data)
    session.receive(b"")
    assert session.state == "failed"
    assert session.kind


def test_no_change_of_a_byte_breaks_the_reader() -> None:
    dice = random.Random(8448)  # noqa: S311 - the same bytes every time
    for _ in range(3000):
        data = bytearray(RFC_8448)
        for _ in range(dice.randrange(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        session = HelloSession(Offer(suites=[0x1301]), bytes(32))
        session.receive(bytes(data))
        session.receive(b"")
        assert session.kind in ("choice", "alert", "closed", "corrupted", "plain-text")


@pytest.mark.parametrize("size", [1, 4, 100])
def test_words_instead_of_tls_are_quoted(size: int) -> None:
    session = HelloSession(Offer(suites=[0x1301]), bytes(32))
    said = b"421 too many connections\r\n"
    for at in range(0, len(said), size):
        session.receive(said[at : at + size])
    assert (session.kind, session.detail) == ("plain-text", "421 too many connections\r\n")


def test_a_session_of_one_hello_carries_nothing() -> None:
    session = HelloSession(Offer(suites=[0x1301]), bytes(32))
    session.failed_by("timeout", "timed out")
    assert (session.kind, session.verified, session.close()) == ("timeout", False, b"")
    with pytest.raises(RuntimeError):
        session.seal(b"AUTH")
