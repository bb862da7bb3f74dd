"""Base64 of a login: what is wrong with it is told, the rest never leaves."""

from __future__ import annotations

import base64

import pytest

from smtpcheck.diagnosis.pasted.lines import lines_of
from smtpcheck.diagnosis.pasted.payload import masked, oddities_of


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("value", "oddities"),
    [
        ("someone@example.com\r", ["newline-at-end"]),
        ("someone@example.com ", ["blank-at-end"]),
        ("undefined", ["placeholder"]),
        ("someone@example.com", []),
        ("schl\u00fcssel-lang", ["non-ascii"]),
    ],
)
def test_a_value_is_decoded_and_named_in_a_word(value: str, oddities: list[str]) -> None:
    lines = lines_of(f"AUTH LOGIN\n334 VXNlcm5hbWU6\n{encoded(value)}\n535 no")
    assert oddities_of(lines) == oddities


@pytest.mark.parametrize(
    "text",
    [
        f"AUTH PLAIN {encoded(chr(0) + 'bob@example.com' + chr(0) + 'canary-P4ss')}",
        f"C: {encoded('canary-P4ssw0rd')}",
        "SMTP_PASSWORD=canary-P4ss",
        "password: 'canary-P4ss'",
        "smtp://bob:canary-P4ss@smtp.example.com:587",
        f"auth=Bearer {encoded('canary-P4ssw0rd-token-that-is-long')}",
    ],
)
def test_no_secret_is_shown(text: str) -> None:
    shown = masked(text)
    assert "canary" not in shown
    assert encoded("canary-P4ss")[:12] not in shown
    assert "<hidden>" in shown


@pytest.mark.parametrize(
    "text",
    [
        "334 VXNlcm5hbWU6",
        "550 5.1.1 <someone@example.com>: Recipient address rejected",
        "[AM0PR07CA0026.eurprd07.prod.outlook.com]",
        "password is wrong",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text
