"""A message that somebody else composed."""

from __future__ import annotations

import pytest

from smtpcheck.wire.raw_message import author_of, look_at

WHOLE = b"From: a@x.test\r\nDate: today\r\nMessage-ID: <1@x.test>\r\n\r\nhi\r\n"


def test_a_whole_message_lacks_nothing() -> None:
    look = look_at(WHOLE)
    assert (look.missing, look.notes, look.message_id) == ((), (), "<1@x.test>")
    assert not look.signed


def test_what_it_lacks_is_named_and_what_is_in_the_body_does_not_count() -> None:
    look = look_at(b"Subject: x\r\n\r\nFrom: a@x.test\r\nDate: now\r\n")
    assert look.missing == ("From", "Date", "Message-ID")
    assert look.notes == (
        "the raw message has no From and no Date and no Message-ID; it is sent as it is",
    )


def test_a_line_of_a_mailbox_file_is_no_header_field() -> None:
    assert "a line of a mailbox file" in look_at(b"From x@y Mon\r\n" + WHOLE).notes[0]
    assert "begins with no header field" in look_at(b"\r\n" + WHOLE).notes[0]


def test_a_long_line_is_measured() -> None:
    assert "has 1200 octets" in look_at(WHOLE + b"x" * 1200 + b"\r\n").notes[0]


def test_a_signature_is_seen() -> None:
    assert look_at(b"DKIM-Signature: v=1\r\n" + WHOLE).signed


@pytest.mark.parametrize(
    ("head", "address"),
    [
        (b"From: a@x.test\n", "a@x.test"),
        (b"Subject: x\r\nFROM : =?utf-8?q?=C3=84?=\r\n <a@x.test>\r\n", "a@x.test"),
        ("From: Ä <ä@x.test>\n".encode(), "ä@x.test"),
        (b"From: nobody\n", ""),
        (b"Subject: x\n\nFrom: a@x.test\n", ""),
    ],
)
def test_the_author_is_read_from_its_header(head: bytes, address: str) -> None:
    assert author_of(head + b"\nbody\n") == address
