"""The test message."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from smtpcheck.model.message import MessageSpec
from smtpcheck.wire.compose import MARK, Letter, compose

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def letter(**more: Any) -> Letter:
    return Letter(
        **{
            "sender": "alerts@x.test",
            "sender_name": "Alerts",
            "recipients": ("ops@y.test",),
            "reply_to": "",
            "message_id": "<abc@x.test>",
            "at": AT,
            "server": "mail.x.test:587",
            **more,
        }
    )


def made(spec: MessageSpec, written: Letter) -> bytes:
    return compose(spec, written).message


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=SMTP)


def test_every_header_that_servers_check_is_there_once() -> None:
    message = parsed(made(MessageSpec(), letter(reply_to="who@x.test")))
    for name in ("Date", "Message-ID", "From", "To", "Reply-To", "Subject", "MIME-Version", MARK):
        assert len(message.get_all(name, [])) == 1, name
    assert message["From"] == "Alerts <alerts@x.test>"
    assert message["Message-ID"] == "<abc@x.test>"
    assert message["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert "test message" in message.get_content()


def test_the_empty_body_is_empty() -> None:
    assert parsed(made(MessageSpec(body=""), letter())).get_content().strip() == ""


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("body", ["Grüße aus Köln\n", "x" * 5000 + "\n", "plain\n", "a\n.\nb\n"])
def test_any_body_comes_back_from_seven_bit_lines(charset: str, body: str) -> None:
    raw = made(MessageSpec(body=body), letter(charset=charset))
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert parsed(raw).get_content().replace("\r\n", "\n") == body


def test_a_name_outside_ascii_is_encoded() -> None:
    raw = made(MessageSpec(subject="Prüfung"), letter(sender_name="Österreich, Büro"))
    assert raw.isascii()
    message = parsed(raw)
    assert message["From"].addresses[0].display_name == "Österreich, Büro"
    assert message["Subject"] == "Prüfung"


@pytest.mark.parametrize("text", ["a\r\nBcc: x@y.test", "a\nb", "a\rb"])
def test_a_header_cannot_grow_another(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)header|line|cr"):
        made(MessageSpec(subject=text), letter())


def test_a_charset_that_cannot_hold_the_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="ascii"):
        made(MessageSpec(body="Grüße"), letter(charset="us-ascii"))


@pytest.mark.parametrize("charset", ["utf-16", "UTF_32", "utf-16le"])
def test_a_charset_that_mail_text_cannot_be_in_is_an_error(charset: str) -> None:
    with pytest.raises(ValueError, match="RFC 2781"):
        made(MessageSpec(body="x"), letter(charset=charset))
