"""Queue ids, as servers tell them."""

from __future__ import annotations

import pytest

from smtpcheck.wire.queue_id import queue_id

TOLD = [
    ("Ok: queued as 4XyZ1k2Lm3z9", "4XyZ1k2Lm3z9"),
    ("OK id=1tABCd-000000001Ab-2xYz", "1tABCd-000000001Ab-2xYz"),
    ("4AL2xYpQ012345 Message accepted for delivery", "4AL2xYpQ012345"),
    (
        "OK  1732168800 ffacd0b85a97d-3825fdb2a1csm1234567f8f.12 - gsmtp",
        "ffacd0b85a97d-3825fdb2a1csm1234567f8f.12",
    ),
    (
        "<4B7C8A@mx.example.com> [InternalId=12345, Hostname=mx] Queued mail for delivery",
        "4B7C8A@mx.example.com",
    ),
    (
        "Ok 010201934a7d2f1b-9f8e7d6c-1234-5678-9abc-def012345678-000000",
        "010201934a7d2f1b-9f8e7d6c-1234-5678-9abc-def012345678-000000",
    ),
    ("Ok: queued", ""),
    ("Ok", ""),
    ("", ""),
    ("message accepted", ""),
]


@pytest.mark.parametrize(("text", "told"), TOLD)
def test_the_queue_id_is_found_in_the_words(text: str, told: str) -> None:
    assert queue_id(text) == told
