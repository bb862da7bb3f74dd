"""Lint of a password that it never sees: the form that each provider gives its own."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.lint import lint
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import Secret, SecretLook
from smtpcheck.wire.sasl import look_at
from tests.diagnosis.test_lint import GOOD, PRESETS, SES_HOST, TODAY, made, server

SES_PASSWORD = "BGQ3" + "aB3/" * 10
"""Base64 of an octet 4 and 32 others, as SES makes it."""
AT_GMAIL = server("smtp.gmail.com")
AT_SES = made(server={"host": SES_HOST}, auth={"username": "AKIAIOSFODNN7EXAMPLE"})
AT_SENDGRID = made(server={"host": "smtp.sendgrid.net"}, auth={"username": "apikey"})


def of_password(profile: Profile, value: str) -> dict[str, Severity]:
    """What lint finds with a password that it does not find without one."""
    without = lint(profile, None, now_date=TODAY, presets=PRESETS)
    look = look_at(Secret(value))
    found = lint(profile, None, now_date=TODAY, presets=PRESETS, secret=look)
    return {each.id: each.severity for each in found if each not in without}


@pytest.mark.parametrize(
    ("profile", "value", "found"),
    [
        (GOOD, "right", []),
        (GOOD, "a blank inside", []),
        (GOOD, "wrong\n", ["password-newline-at-end"]),
        (GOOD, " wrong", ["password-blank-at-end"]),
        (GOOD, "wr\0ng", ["password-nul"]),
        (GOOD, "fal\u00f6ch", ["password-non-ascii"]),
        (AT_GMAIL, "abcdefghijklmnop", []),
        (AT_GMAIL, "abcd efgh ijkl mnop", []),
        (AT_GMAIL, "abcd\u00a0efgh\u00a0ijkl\u00a0mnop", ["password-non-ascii"]),
        (AT_GMAIL, "abcdefghijklmno", ["password-no-app-password"]),
        (AT_GMAIL, "abcdefghijklmn0p", ["password-no-app-password"]),
        (AT_SENDGRID, "SG.abc.def", []),
        (AT_SENDGRID, "abc", ["password-no-api-key"]),
        (AT_SES, SES_PASSWORD, []),
        (AT_SES, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ["password-is-access-key"]),
        (AT_SES, "Z" + SES_PASSWORD[1:], ["password-no-ses-password"]),
        (AT_SES, SES_PASSWORD[:-1], ["password-no-ses-password"]),
    ],
)
def test_the_form_of_a_password(profile: Profile, value: str, found: list[str]) -> None:
    assert list(of_password(profile, value)) == found


def test_a_token_is_held_to_no_form_of_a_password() -> None:
    token = made(server={"host": "smtp.gmail.com"}, auth={"method": "xoauth2"})
    assert of_password(token, "ya29.token") == {}
    assert list(of_password(token, "ya29.token\n")) == ["password-newline-at-end"]


def test_no_finding_holds_a_part_of_the_password() -> None:
    for profile in (GOOD, AT_GMAIL, AT_SES, AT_SENDGRID):
        for value in ("canary7 ", "canary7\n", "canary7", "canary7\0"):
            look = look_at(Secret(value))
            told = lint(profile, None, now_date=TODAY, presets=PRESETS, secret=look)
            assert "canary" not in repr(told) + repr(look)


def test_a_password_that_nobody_looked_at_is_not_judged() -> None:
    assert lint(AT_GMAIL, None, now_date=TODAY, presets=PRESETS, secret=None) == ()
    assert SecretLook("", "") == look_at(Secret("x"))
