"""Lint of `[expect]`: every check claims its case and not the case beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from smtpcheck.diagnosis.lint import lint
from smtpcheck.diagnosis.precheck import EXPLAINS
from smtpcheck.model.profile import Auth, Expect, Profile, Proxy, Server

TODAY = dt.date(2026, 11, 20)
LOGIN = Auth(method="plain", username="u@mail.example.com")


def found(expect: dict[str, Any], *, server: dict[str, Any] | None = None, **more: Any) -> set[str]:
    """The ids of what lint says of these expectations."""
    settings = {"host": "mail.example.com", "security": "starttls", **(server or {})}
    profile = Profile(**{
        "server": Server(**settings), "auth": LOGIN, "expect": Expect(**expect), **more
    })  # fmt: skip
    return {each.id for each in lint(profile, None, now_date=TODAY) if each.id[:6] == "expect"}


PROXY = Proxy(type="socks5", host="proxy.example.com", port=1080)


@pytest.mark.parametrize(
    ("expect", "wrong", "right", "id_"),
    [
        ({"min_tls": "1.2"}, {"server": {"security": "none"}}, {}, "expect-without-tls"),
        ({"certificate_days": 3}, {"server": {"security": "none"}}, {}, "expect-without-tls"),
        ({"auth_ms": 5}, {"auth": Auth()}, {}, "expect-never-seen"),
        ({"families": ("ipv4",)}, {"proxy": PROXY}, {}, "expect-never-seen"),
        (
            {"families": ("ipv6",)},
            {"server": {"address_family": "ipv4"}},
            {"server": {"address_family": "ipv6"}},
            "expect-never-seen",
        ),
        (
            {"families": ("ipv4",)},
            {"server": {"host": "", "socket": "/run/x"}},
            {},
            "expect-never-seen",
        ),
        (
            {"senders": ("a@example.com",)},
            {"auth": Auth()},
            {},
            "expect-senders-without-login",
        ),
    ],
)
def test_what_can_never_be_met_or_seen_is_told(
    expect: dict[str, Any], wrong: dict[str, Any], right: dict[str, Any], id_: str
) -> None:
    assert found(expect, **wrong) == {id_}
    assert found(expect, **right) == set()


@pytest.mark.parametrize("stage", ["dns", "tcp", "tls", "auth", "send"])
def test_a_stage_cannot_take_longer_than_the_whole_run(stage: str) -> None:
    assert found({"total_ms": 100, f"{stage}_ms": 101}) == {"expect-stage-above-total"}
    assert found({"total_ms": 100, f"{stage}_ms": 100}) == set()
    assert found({f"{stage}_ms": 100}) == set()


@pytest.mark.parametrize("word", ["PLAIN LOGIN", "PLAIN,LOGIN", "x" * 21])
def test_what_is_no_mechanism_can_never_be_offered(word: str) -> None:
    assert found({"mechanisms": (word,)}) == {"expect-no-such-word"}
    assert found({"mechanisms": ("SCRAM-SHA-256-PLUS", "plain", "X_Y")}) == set()


def test_what_is_no_keyword_can_never_be_offered() -> None:
    assert found({"extensions": ("AUTH=LOGIN",)}) == {"expect-no-such-word"}
    assert found({"extensions": ("8BITMIME", "x-own")}) == set()


def test_expectations_explain_no_failure() -> None:
    assert not [name for name in EXPLAINS if name.startswith("expect")]
