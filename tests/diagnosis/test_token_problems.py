"""What speaks against a token, before it is sent and after it was refused."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.diagnosis.token import facts_of_token, problems_of
from smtpcheck.model.secret import Secret
from smtpcheck.model.token import Claims, Token

NOW = 1_800_000_000.0
EXO = "https://outlook.office365.com"
TOKEN = Token(secret=Secret("x"), source="environment variable T")


def problems(
    *, provider: str = "m365", username: str = "alice@example.com", **claims: Any
) -> tuple[str, ...]:
    made = Claims(kind="jwt", **claims)
    return problems_of(made, TOKEN, provider=provider, username=username, now=NOW)


USER: dict[str, Any] = {
    "audience": (EXO,),
    "scopes": ("SMTP.Send",),
    "account": "Alice@Example.com",
}
APP: dict[str, Any] = {"audience": (EXO,), "roles": ("SMTP.SendAsApp",), "app_only": True}


@pytest.mark.parametrize("claims", [USER, APP])
def test_a_right_token_has_no_problem(claims: dict[str, Any]) -> None:
    assert problems(**claims, expires=NOW + 1) == ()


@pytest.mark.parametrize(
    "audience",
    [
        "https://outlook.office.com",
        "https://outlook.office.com/",
        "https://Outlook.Office365.com",
        "00000002-0000-0ff1-ce00-000000000000",
    ],
)
def test_every_name_of_exchange_online_is_an_audience(audience: str) -> None:
    assert problems(**{**USER, "audience": (audience,)}) == ()


@pytest.mark.parametrize(
    ("provider", "audience"),
    [
        ("m365", EXO),
        ("outlook-com", EXO),
        ("m365-gcc-high", "https://outlook.office365.us"),
        ("m365-gcc-high", "https://webmail.apps.mil/"),
        ("m365-21vianet", "https://partner.outlook.cn"),
    ],
)
def test_every_cloud_has_audiences_of_its_own(provider: str, audience: str) -> None:
    claims = {**USER, "audience": (audience,)}
    assert problems(**claims, provider=provider) == ()
    for other in {"m365", "m365-gcc-high", "m365-21vianet"} - {
        provider,
        "m365" if audience == EXO else "",
    }:
        assert problems(**claims, provider=other) == ("wrong-audience",)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"expires": NOW}, "expired"),
        ({"not_before": NOW + 301}, "not-yet-valid"),
        ({"audience": ("https://graph.microsoft.com",)}, "wrong-audience"),
        ({"audience": ("https://outlook.office.com.evil.example",)}, "wrong-audience"),
        ({"scopes": ("Mail.Send",)}, "scope-missing"),
        ({"scopes": ()}, "scope-missing"),
        ({"account": "bob@example.com"}, "other-account"),
    ],
)
def test_each_problem_of_a_users_token_is_found(changed: dict[str, Any], found: str) -> None:
    assert problems(**{**USER, **changed}) == (found,)


def test_an_application_needs_its_role_and_no_scope() -> None:
    assert problems(audience=(EXO,), roles=("Mail.Send",), app_only=True) == ("role-missing",)


def test_some_seconds_before_its_time_a_token_is_sent() -> None:
    assert problems(**USER, not_before=NOW + 200) == ()


@pytest.mark.parametrize("provider", ["", "gmail", "postfix-relay"])
def test_elsewhere_audience_and_scope_are_not_judged(provider: str) -> None:
    assert problems(provider=provider, audience=("https://mail.example",)) == ()


def test_an_opaque_token_is_judged_by_what_its_issuer_said() -> None:
    token = Token(
        secret=Secret("x"), source="", scopes=("openid",), account="bob@x.example", expires=NOW - 1
    )
    found = problems_of(
        Claims(kind="opaque"), token, provider="gmail", username="alice@x.example", now=NOW
    )
    assert found == ("expired", "scope-missing", "other-account")


def test_an_opaque_token_of_microsoft_is_not_guessed_at() -> None:
    claims = Claims(kind="opaque")
    assert problems_of(claims, TOKEN, provider="outlook-com", username="a@b.example", now=NOW) == ()


def test_a_user_name_that_is_no_address_is_no_other_account() -> None:
    assert problems(**USER, username="alice") == ()


def test_what_is_told_of_a_token_is_short_and_has_no_empty_words() -> None:
    claims = Claims(kind="jwt", audience=(EXO,), expires=NOW + 90, not_before=NOW + 10)
    assert facts_of_token(claims, TOKEN, ("scope-missing",), NOW) == {
        "source": "environment variable T",
        "kind": "jwt",
        "audience": [EXO],
        "app_only": False,
        "expires_in": 90,
        "valid_in": 10,
        "problems": ["scope-missing"],
    }
