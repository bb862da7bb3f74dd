"""The body of a message."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.message import Attachment
from smtpcheck.wire.mime import Part, file_part, joined, text_part


def read(part: Part) -> EmailMessage:
    return message_from_bytes(part.head + b"\r\n" + part.body, policy=SMTP)


def file(
    content: bytes, type_: str = "application/octet-stream", name: str = "a.bin"
) -> Attachment:
    return Attachment(name=name, type=type_, content=content)


@pytest.mark.parametrize(
    ("text", "charset", "eight_bit", "encoding"),
    [
        ("plain\n", "utf-8", True, "7bit"),
        ("Grüße\n", "utf-8", True, "8bit"),
        ("Grüße\n", "iso-8859-1", True, "8bit"),
        ("Grüße\n", "utf-8", False, "quoted-printable"),
        ("日本語のテスト\n" * 9, "utf-8", False, "base64"),
        ("日本語\n", "shift_jis", True, "8bit"),
        ("日本語\n", "iso-2022-jp", False, "7bit"),
        ("测试\n", "gb18030", True, "8bit"),
        ("x" * 999 + "\n", "utf-8", True, "quoted-printable"),
        ("a\0b\n", "utf-8", True, "quoted-printable"),
        ("a\x1b[2J\n", "utf-8", True, "quoted-printable"),
        ("", "utf-8", True, "7bit"),
    ],
)
def test_text_goes_as_it_is_where_that_is_possible(
    text: str, charset: str, eight_bit: bool, encoding: str
) -> None:
    part = text_part(text, "plain", charset, eight_bit=eight_bit)
    assert part.encoding == encoding
    assert part.body.isascii() or part.encoding == "8bit"
    assert read(part).get_content().replace("\r\n", "\n") == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.booleans())
def test_any_text_comes_back_with_the_line_ends_of_mail(text: str, eight_bit: bool) -> None:
    part = text_part(text, "plain", "utf-8", eight_bit=eight_bit)
    raw = read(part).get_payload(decode=True)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    expected = lines if lines.endswith("\n") or not lines else lines + "\n"
    assert raw == expected.replace("\n", "\r\n").encode()
    assert not set(part.body.replace(b"\r\n", b"")) & set(b"\r\n\0")
    assert all(len(line) <= 998 for line in part.body.split(b"\r\n"))


@given(st.binary(max_size=300), st.sampled_from(["text/plain", "image/png", "message/rfc822"]))
def test_the_octets_of_a_file_are_what_arrives(content: bytes, type_: str) -> None:
    part = file_part(file(content, type_), eight_bit=True)
    if part.head.lower().startswith(b"content-type: message/"):
        assert part.body.replace(b"\r\n", b"\n").rstrip(b"\n") == content.replace(
            b"\r\n", b"\n"
        ).replace(b"\r", b"\n").rstrip(b"\n")
    else:
        assert read(part).get_payload(decode=True) == content
    assert not set(part.body.replace(b"\r\n", b"")) & set(b"\r\n\0")


@pytest.mark.parametrize(
    ("content", "type_", "eight_bit", "encoding"),
    [
        (b"a\r\nb\r\n", "text/plain", False, "7bit"),
        ("ü\r\n".encode(), "text/plain", True, "8bit"),
        ("ü\r\n".encode(), "text/plain", False, "base64"),
        (b"a\nb\n", "text/plain", True, "base64"),
        (b"no line end", "text/plain", True, "base64"),
        (b"\x89PNG", "image/png", True, "base64"),
        (b"Subject: x\n\nhi\n", "message/rfc822", False, "7bit"),
    ],
)
def test_a_file_is_encoded_unless_nothing_of_it_would_change(
    content: bytes, type_: str, eight_bit: bool, encoding: str
) -> None:
    assert file_part(file(content, type_), eight_bit=eight_bit).encoding == encoding


def test_a_message_that_would_need_base64_is_a_file_like_any_other() -> None:
    part = file_part(file("Subject: ü\n\nx".encode(), "message/rfc822"), eight_bit=False)
    assert read(part).get_content_type() == "application/octet-stream"
    assert read(part).get_payload(decode=True) == "Subject: ü\n\nx".encode()


@pytest.mark.parametrize("name", ["a.pdf", "Prüfung 1.pdf", 'a"b\\c;d.txt', "ü" * 90, "x" * 250])
def test_any_name_of_a_file_comes_back(name: str) -> None:
    part = file_part(file(b"x", name=name), eight_bit=True)
    assert part.head.isascii()
    assert max(map(len, part.head.split(b"\r\n"))) <= 78 + 12
    assert read(part).get_filename() == name


def test_parts_are_joined_and_come_back_in_order() -> None:
    texts = [text_part(words, "plain", "utf-8", eight_bit=True) for words in ("one\n", "zwö\n", "")]
    whole = joined("mixed", texts)
    assert whole.encoding == "8bit"
    assert [part.get_content() for part in read(whole).iter_parts()] == ["one\r\n", "zwö\r\n", ""]
    assert joined("mixed", texts[:1]).encoding == "7bit"
