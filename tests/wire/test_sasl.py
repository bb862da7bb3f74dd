"""Logging in: one try, and never a secret where it does not belong."""

from __future__ import annotations

import ast
import base64
from pathlib import Path

import pytest

import smtpcheck
from smtpcheck.model.secret import Secret
from smtpcheck.wire.sasl import (
    ROUNDS_LIMIT,
    Credentials,
    forms_of,
    login,
    password_shape,
)
from smtpcheck.wire.sasl_fault import EncodingFaultError
from tests.playing import lines, play

TIM = Credentials("tim", Secret("tanstaaftanstaaf"))


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_plain_sends_the_initial_response_of_rfc_4616() -> None:
    said, result = play(login("PLAIN", TIM), b"235 2.7.0 in\r\n")
    assert lines(said) == ["AUTH PLAIN " + b64("\0tim\0tanstaaftanstaaf")]
    assert said[0].secret
    assert said[0].shown == "AUTH PLAIN <hidden>"
    assert result.accepted


def test_plain_with_a_long_password_waits_for_the_challenge() -> None:
    who = Credentials("tim", Secret("p" * 500))
    said, result = play(login("PLAIN", who), b"334 \r\n", b"235 in\r\n")
    assert lines(said) == ["AUTH PLAIN", b64("\0tim\0" + "p" * 500)]
    assert not said[0].secret
    assert result.accepted


def test_a_challenge_after_the_initial_response_gets_no_second_copy() -> None:
    said, result = play(login("PLAIN", TIM), b"334 \r\n", b"501 cancelled\r\n")
    assert lines(said)[1:] == ["*"]
    assert result.fault == "too-many-challenges"
    assert not result.accepted


def test_non_ascii_credentials_are_utf_8() -> None:
    who = Credentials("üser", Secret("pässwörd"))
    said, _ = play(login("PLAIN", who), b"235 in\r\n")
    assert lines(said) == ["AUTH PLAIN " + b64("\0üser\0pässwörd")]


def test_plain_refuses_a_nul() -> None:
    with pytest.raises(EncodingFaultError) as caught:
        play(login("PLAIN", Credentials("tim", Secret("a\0b"))))
    assert "a\0b" not in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"),
        (b"334 UGFzc3dvcmQ6\r\n", b"334 VXNlcm5hbWU6\r\n"),
        (b"334 \r\n", b"334\r\n"),
        (b"334 Username:\r\n", b"334 Password:\r\n"),
    ],
)
def test_login_tells_prompts_apart_by_position(first: bytes, second: bytes) -> None:
    said, result = play(login("LOGIN", TIM), first, second, b"235 in\r\n")
    assert lines(said) == ["AUTH LOGIN", b64("tim"), b64("tanstaaftanstaaf")]
    assert result.accepted
    assert [say.secret for say in said] == [False, True, True]


def test_cram_md5_gives_the_digest_of_rfc_2195() -> None:
    challenge = b"334 " + base64.b64encode(b"<1896.697170952@postoffice.reston.mci.net>") + b"\r\n"
    said, result = play(login("CRAM-MD5", TIM), challenge, b"235 in\r\n")
    assert lines(said) == ["AUTH CRAM-MD5", b64("tim b913a602c7eda7a495b4e6e7334d3890")]
    assert result.challenges == 1


def test_xoauth2_asks_for_the_final_reply_after_the_error_challenge() -> None:
    who = Credentials("me@x.test", Secret("token"))
    said, result = play(
        login("XOAUTH2", who), b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n", b"535 5.7.8 no\r\n"
    )
    assert lines(said) == ["AUTH XOAUTH2 " + b64("user=me@x.test\x01auth=Bearer token\x01\x01"), ""]
    assert not result.accepted
    assert not result.fault


def test_a_challenge_that_is_not_base64_is_cancelled() -> None:
    said, result = play(login("CRAM-MD5", TIM), b"334 <not base64>\r\n", b"501 ok\r\n")
    assert lines(said) == ["AUTH CRAM-MD5", "*"]
    assert result.fault == "challenge-not-base64"


def test_endless_challenges_are_cancelled() -> None:
    said, result = play(login("LOGIN", TIM), *[b"334 QQ==\r\n"] * (ROUNDS_LIMIT + 5))
    assert lines(said)[-1] == "*"
    assert len(said) <= ROUNDS_LIMIT + 2
    assert result.fault == "too-many-challenges"


def test_success_before_any_credential_is_no_success() -> None:
    _, result = play(login("LOGIN", TIM), b"235 in\r\n")
    assert result.fault == "early-reply"
    assert not result.accepted


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_refusal_is_one_try(mechanism: str) -> None:
    said, result = play(login(mechanism, TIM), b"535 5.7.8 no\r\n", b"235 in\r\n")
    assert len(said) == 1
    assert not result.accepted
    assert not result.unjudged


@pytest.mark.parametrize("code", [b"500", b"502", b"504"])
def test_an_unknown_mechanism_judges_no_credential(code: bytes) -> None:
    _, result = play(login("PLAIN", TIM), code + b" what\r\n")
    assert result.unjudged


@pytest.mark.parametrize("asks", [b"334 \r\n", b"334 <what>\r\n"])
def test_a_501_to_a_login_that_was_broken_off_judges_a_credential_that_had_left(
    asks: bytes,
) -> None:
    said, result = play(login("PLAIN", TIM), asks, b"501 5.7.0 cancelled\r\n")
    assert lines(said)[-1] == "*"
    assert not result.unjudged


def test_a_50x_behind_a_challenge_is_a_try() -> None:
    long = Credentials("tim", Secret("x" * 600))
    _, result = play(login("PLAIN", long), b"334 \r\n", b"501 5.5.2 cannot decode\r\n")
    assert not result.unjudged


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
def test_bytes_that_are_no_text_are_an_encoding_fault_that_shows_nothing(mechanism: str) -> None:
    who = Credentials("tim", Secret("canary\udcff"))
    with pytest.raises(EncodingFaultError) as caught:
        next(login(mechanism, who))
    assert "canary" not in str(caught.value)
    assert "canary" in forms_of(Secret("canary\udcff"))[0]


def test_external_gives_the_authorization_identity_or_the_empty_response() -> None:
    said, result = play(login("EXTERNAL", Credentials("")), b"235 in\r\n")
    assert lines(said) == ["AUTH EXTERNAL ="]
    assert result.accepted
    said, _ = play(login("EXTERNAL", Credentials("tim")), b"334 \r\n", b"235 in\r\n")
    assert lines(said) == ["AUTH EXTERNAL " + b64("tim"), b64("tim")]
    assert not any(say.secret for say in said)


def test_what_was_sent_is_to_be_masked_from_then_on() -> None:
    said, _ = play(login("PLAIN", TIM), b"235 in\r\n")
    assert b64("\0tim\0tanstaaftanstaaf") in said[0].masks
    challenge = b"334 " + base64.b64encode(b"<1896.697170952@postoffice.reston.mci.net>") + b"\r\n"
    said, _ = play(login("CRAM-MD5", TIM), challenge, b"235 in\r\n")
    assert "b913a602c7eda7a495b4e6e7334d3890" in said[1].masks


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("abc ", "blank-at-end"),
        (" abc", "blank-at-end"),
        ("abc\n", "newline-at-end"),
        ("ä", "non-ascii"),
        ("abc", ""),
    ],
)
def test_the_shape_of_a_password_says_what_is_odd(value: str, shape: str) -> None:
    assert password_shape(Secret(value)) == shape


def test_the_forms_of_a_secret_cover_every_alignment_of_base64() -> None:
    secret = "correct horse battery"
    forms = forms_of(Secret(secret), "tim")
    for before in ("", "x", "xy", "\0tim\0"):
        for after in ("", "z", "zz"):
            echoed = b64(before + secret + after)
            assert any(form in echoed for form in forms if form != secret), (before, after)


def test_only_sasl_reads_the_value_of_a_secret() -> None:
    root = Path(smtpcheck.__file__).parent
    readers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("reveal", "_value")
        and path.name != "secret.py"
    }
    assert readers <= {"wire/sasl.py"}
