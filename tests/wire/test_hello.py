"""EHLO, HELO and the extensions in the answer."""

from __future__ import annotations

import pytest

from smtpcheck.wire.hello import hello
from tests.playing import lines, play


def test_ehlo_reads_name_and_extensions() -> None:
    said, result = play(
        hello("me.test"),
        b"250-mx.test at your service\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 AUTH PLAIN login\r\n",
    )
    assert lines(said) == ["EHLO me.test"]
    assert result.accepted
    assert result.name == "mx.test"
    assert result.extensions == {"SIZE": "1000", "8BITMIME": "", "AUTH": "PLAIN login"}
    assert result.mechanisms == ("PLAIN", "LOGIN")
    assert result.size == 1000


def test_keywords_in_lower_case_are_understood() -> None:
    _, result = play(hello("me"), b"250-mx\r\n250-starttls\r\n250-size 12\r\n250 auth plain\r\n")
    assert result.offers("STARTTLS")
    assert result.size == 12
    assert result.mechanisms == ("PLAIN",)


def test_auth_with_an_equals_sign_is_understood_and_joined() -> None:
    _, result = play(hello("me"), b"250-mx\r\n250-AUTH=LOGIN PLAIN\r\n250 AUTH CRAM-MD5 LOGIN\r\n")
    assert result.mechanisms == ("LOGIN", "PLAIN", "CRAM-MD5")


@pytest.mark.parametrize("code", [b"500", b"502", b"504"])
def test_helo_follows_where_ehlo_is_unknown(code: bytes) -> None:
    said, result = play(hello("me"), code + b" what\r\n", b"250 old.test\r\n")
    assert lines(said) == ["EHLO me", "HELO me"]
    assert result.verb == "HELO"
    assert result.accepted
    assert result.extensions == {}


def test_helo_does_not_follow_another_refusal() -> None:
    said, result = play(hello("me"), b"550 5.7.1 you are not welcome\r\n")
    assert lines(said) == ["EHLO me"]
    assert not result.accepted


def test_a_server_that_refuses_both_is_quoted_with_its_first_words() -> None:
    _, result = play(hello("me"), b"504 5.5.2 <me>: need a full name\r\n", b"504 no\r\n")
    assert not result.accepted
    assert result.verb == "EHLO"
    assert b"need a full name" in result.heard.raw  # type: ignore[union-attr]


def test_a_reply_whose_codes_differ_is_not_accepted() -> None:
    _, result = play(hello("me"), b"250-mx\r\n220 AUTH PLAIN\r\n")
    assert not result.accepted


def test_masked_keywords_are_named() -> None:
    _, result = play(hello("me"), b"250-mx\r\n250-XXXXXXXA\r\n250 SIZE\r\n")
    assert result.masked == ("XXXXXXXA",)
    assert result.size == 0


@pytest.mark.parametrize("name", ["a\r\nMAIL FROM:<x>", "a\0b", "a\nb"])
def test_control_bytes_never_reach_the_wire(name: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        play(hello(name))
