"""Header fields as bytes."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.message import Mailbox
from smtpcheck.wire.header_field import address_field, exact_field, mailboxes, text_field

ONE_LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)


def read(field: bytes) -> str:
    """The value as a mail program shows it."""
    message = message_from_bytes(field + b"\r\n")
    return str(make_header(decode_header(message["Subject"].replace("\r\n", ""))))


def assert_lines(field: bytes) -> None:
    lines = field.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 998 for line in lines)
    assert all(line.startswith(b" ") and line.strip() for line in lines[1:])
    assert not set(field.replace(b"\r\n", b"")) & set(b"\r\n\0")


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("plain words", "utf-8"),
        ("Grüße aus Köln", "iso-8859-1"),
        ("10 € für alle", "windows-1252"),
        ("日本語のテスト" * 12, "shift_jis"),
        ("日本語のテスト" * 12, "iso-2022-jp"),
        ("测试消息" * 30, "gb18030"),
        ("два слова", "koi8-r"),
        ("x" * 3000, "utf-8"),
        ("word " * 400 + "end", "utf-8"),
        ("two  blanks and one at the end ", "utf-8"),
        ("=?utf-8?q?not encoded?=", "utf-8"),
    ],
)
def test_a_text_comes_back_and_is_in_the_charset_asked_for(text: str, charset: str) -> None:
    field = text_field("Subject", text, charset)
    assert field.isascii()
    assert_lines(field)
    assert read(field) == text
    if not text.isascii():
        assert f"=?{charset}?".encode() in field


@pytest.mark.parametrize(
    ("given", "label"), [("latin1", "iso-8859-1"), ("cp1252", "windows-1252"), ("cp874", "cp874")]
)
def test_the_name_of_the_charset_is_the_one_that_mail_has(given: str, label: str) -> None:
    text = "ก" if given == "cp874" else "ü"
    field = text_field("Subject", text, given)
    assert f"=?{label}?".encode() in field
    assert read(field) == text


@given(ONE_LINE)
def test_any_line_comes_back_from_a_field(text: str) -> None:
    field = text_field("Subject", text)
    assert_lines(field) if text.strip() else None
    assert read(field) == text


@pytest.mark.parametrize(
    "text", ["a\r\nBcc: x@y.test", "a\nb", "a\rb", "a\0b", "a\u2028b", "a\x85b"]
)
def test_no_field_can_grow_another(text: str) -> None:
    for make in (text_field, exact_field):
        with pytest.raises(ValueError, match="control character"):
            make("X-A", text)
    for box in (Mailbox("a@x.test", text), Mailbox(text)):
        with pytest.raises(ValueError, match="control character"):
            address_field("To", [box])


def test_a_character_that_the_charset_lacks_is_named_with_its_field() -> None:
    with pytest.raises(ValueError, match=r"the field Subject holds '€'.*iso-8859-1"):
        text_field("Subject", "10 €", "iso-8859-1")


def test_an_exact_field_is_never_encoded() -> None:
    assert exact_field("Message-ID", "<a=?b?=@x.test>") == b"Message-ID: <a=?b?=@x.test>\r\n"
    with pytest.raises(ValueError, match="ASCII"):
        exact_field("Date", "März")
    with pytest.raises(ValueError, match="longer than a line"):
        exact_field("References", "<" + "x" * 1200 + ">")


def test_names_of_any_kind_come_back() -> None:
    boxes = [
        Mailbox("a@x.test"),
        Mailbox("b@x.test", "Plain Name"),
        Mailbox("c@x.test", 'Said "hi", twice \\'),
        Mailbox("d@x.test", "Österreich, Büro"),
        Mailbox("e@x.test", "日本 語"),
        Mailbox("f@x.test", "=?utf-8?q?x?="),
    ]
    field = address_field("To", boxes, "iso-8859-1")
    assert_lines(field)
    read_back = message_from_bytes(field + b"\r\n", policy=SMTP)["To"].addresses
    assert [each.addr_spec for each in read_back] == [box.address for box in boxes]
    assert [each.display_name.strip() for each in read_back] == [box.name.strip() for box in boxes]
    assert b"=?iso-8859-1?" in field


def test_a_name_longer_than_a_line_is_folded() -> None:
    assert_lines(address_field("To", [Mailbox("a@x.test", "N" * 2000)]))


def test_an_address_outside_ascii_stays_as_it_is() -> None:
    assert address_field("To", [Mailbox("jörg@x.test")]) == "To: jörg@x.test\r\n".encode()


def test_typed_addresses_are_read_with_their_domains_in_ascii() -> None:
    assert mailboxes("Cc", 'Ada L <a@x.test>, "Q, R" <b@bücher.example>, c@y.test') == (
        Mailbox("a@x.test", "Ada L"),
        Mailbox("b@xn--bcher-kva.example", "Q, R"),
        Mailbox("c@y.test"),
    )


@pytest.mark.parametrize("text", ["", "nobody", "a@", "@b", "a@b, nobody", "a b@c.test"])
def test_what_is_no_list_of_addresses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"the field Cc wants|not a mail address"):
        mailboxes("Cc", text)
