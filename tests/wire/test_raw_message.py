"""A message that somebody else composed."""

from __future__ import annotations

import pytest

from smtpcheck.wire.raw_message import author_of, changed_notes, look_at

WHOLE = b"From: a@x.test\r\nDate: today\r\nMessage-ID: <1@x.test>\r\n\r\nhi\r\n"


def test_a_whole_message_lacks_nothing() -> None:
    look = look_at(WHOLE)
    assert (look.missing, look.notes, look.message_id) == ((), (), "<1@x.test>")
    assert not look.signed


def test_what_it_lacks_is_named_and_what_is_in_the_body_does_not_count() -> None:
    look = look_at(b"Subject: x\r\n\r\nFrom: a@x.test\r\nDate: now\r\n")
    assert look.missing == ("From", "Date", "Message-ID")
    assert look.notes == (
        "the raw message has no From and no Date and no Message-ID; they are not added",
    )


def test_a_line_of_a_mailbox_file_is_no_header_field() -> None:
    assert "a line of a mailbox file" in look_at(b"From x@y Mon\r\n" + WHOLE).notes[0]
    assert "begins with no header field" in look_at(b"\r\n" + WHOLE).notes[0]


def test_a_long_line_is_measured() -> None:
    assert "has 1200 octets" in look_at(WHOLE + b"x" * 1200 + b"\r\n").notes[0]


def test_whatever_is_changed_is_said() -> None:
    assert changed_notes(WHOLE) == ()
    assert changed_notes(WHOLE.replace(b"\r\n", b"\n")) == ()
    nul, ends, last = changed_notes(b"a\0b\nc\rd\r\ne")
    assert nul.startswith("1 NUL was taken out")
    assert ends.startswith("2 line ends were made CR LF")
    assert "behind the last line" in last
    assert [each[:12] for each in changed_notes(b"\xff\xfe\0")] == ["1 NUL was ta", "a line end w"]


def test_a_bcc_field_is_told() -> None:
    assert "shows every reader" in look_at(b"Bcc: h@x.test\r\n" + WHOLE).notes[0]
    assert look_at(b"Bcc:\r\n" + WHOLE).notes == ()
    assert look_at(WHOLE + b"Bcc: h@x.test\r\n").notes == ()


def test_several_authors_need_a_sender() -> None:
    two = WHOLE.replace(b"a@x.test", b"A <a@x.test>,\r\n b@x.test", 1)
    assert "names 2 authors, and no Sender" in look_at(two).notes[0]
    assert look_at(b"Sender: a@x.test\r\n" + two).notes == ()
    assert "2 authors" in look_at(b"From: b@x.test\r\n" + WHOLE).notes[0]


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
