"""Lint knows what each provider takes as a login, and since when."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from smtpcheck.diagnosis.lint import lint
from smtpcheck.diagnosis.lint_login import rules_at
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.profile import Auth, Profile, Server
from smtpcheck.model.secret import SecretRef, SecretSource
from smtpcheck.store.presets import load_preset

_ENV = SecretRef(SecretSource.ENV, "SMTP_PASSWORD")
_PASSWORD = Profile(auth=Auth(username="me@example.com", password=_ENV))
_NOW = dt.date(2026, 11, 28)


def _found(
    name: str, id_: str, *, method: str = "auto", today: dt.date = _NOW
) -> list[LintFinding]:
    preset = load_preset(name)
    host = preset.hosts[0].replace("*", "eu-west-1")
    profile = replace(
        _PASSWORD, server=Server(host=host), auth=replace(_PASSWORD.auth, method=method)
    )
    told = lint(profile, preset, now_date=today, presets=(preset,))
    return [each for each in told if each.id == id_]


def test_a_password_at_outlook_com_is_an_error_from_the_day_it_ended() -> None:
    (found,) = _found("outlook", "password-login-refused")
    assert found.severity is Severity.ERROR
    assert "since 2024-09-16" in found.message
    assert "smtpcheck login PROFILE" in found.help[0]
    assert not _found("outlook", "password-login-refused", today=dt.date(2024, 9, 15))


def test_an_announced_change_is_told_ahead_and_after_it_came() -> None:
    (ahead,) = _found("office365", "password-login-ending")
    (after,) = _found("office365", "password-login-ending", today=dt.date(2027, 1, 1))
    assert ahead.message.startswith("from 2027-01-01: passwords are off by default")
    assert after.message.startswith("since 2027-01-01: passwords are off by default")
    assert "administrator" in after.help[1]


@pytest.mark.parametrize("name", ["gmail", "ses", "sendgrid", "exchange", "relay"])
def test_where_some_password_works_none_is_warned_of(name: str) -> None:
    preset = load_preset(name)
    profile = replace(_PASSWORD, server=Server(host="mail.example.com"))
    ids = {each.id for each in lint(profile, preset, now_date=_NOW, presets=(preset,))}
    assert not ids & {"password-login-refused", "password-login-ending"}


@pytest.mark.parametrize(
    ("name", "method", "offered"),
    [
        ("gmail", "cram-md5", False),
        ("gmail", "ntlm", False),
        ("gmail", "oauthbearer", True),
        ("gmail", "auto", True),
        ("office365", "plain", False),
        ("office365", "login", True),
        ("sendgrid", "scram-sha-256", False),
    ],
)
def test_a_method_that_the_provider_does_not_offer_is_told_with_what_it_offers(
    name: str, method: str, offered: bool
) -> None:
    found = _found(name, "method-not-offered", method=method)
    assert bool(found) is not offered
    assert all(each.message.count(method.upper()) == 1 for each in found)


def test_the_last_rule_that_has_begun_holds() -> None:
    preset = load_preset("gmail")
    now, ahead = rules_at(preset, dt.date(2023, 1, 1))
    assert (now["from"], ahead["from"]) == ("2022-05-30", "2025-05-01")
    assert rules_at(preset, dt.date(2020, 1, 1))[0] == {}
