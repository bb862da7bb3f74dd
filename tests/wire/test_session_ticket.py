"""What a ticket of TLS 1.3 allows, read from bytes that the server chose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire.session_ticket import early_data_of


def ticket(extensions: bytes, nonce: bytes = b"\0\0", secret: bytes = bytes(32)) -> bytes:
    return (
        bytes(8)
        + bytes([len(nonce)])
        + nonce
        + len(secret).to_bytes(2, "big")
        + secret
        + len(extensions).to_bytes(2, "big")
        + extensions
    )


EARLY = b"\0\x2a\0\x04\0\0\x40\0"
OTHER = b"\xfa\xfa\0\x03abc"


@pytest.mark.parametrize(
    ("extensions", "octets"), [(b"", 0), (EARLY, 16384), (OTHER + EARLY, 16384), (OTHER, 0)]
)
def test_early_data_is_found_among_the_extensions(extensions: bytes, octets: int) -> None:
    assert early_data_of(ticket(extensions)) == octets


def test_a_ticket_that_is_cut_short_allows_none() -> None:
    whole = ticket(OTHER + EARLY)
    assert all(early_data_of(whole[:end]) == 0 for end in range(len(whole)))


@given(st.binary(max_size=120))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    assert early_data_of(data) >= 0
