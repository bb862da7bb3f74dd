"""Advice about a proxy names what set it."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.proxy_advice import by_origin
from smtpcheck.model.jsonvalue import Json

FACTS: dict[str, Json] = {"proxy.type": "http", "proxy.host": "p.example", "proxy.port": 3128}
LOGIN = (
    "give both: smtpcheck profile set {profile|NAME} proxy.username USER "
    "proxy.password '{env=\"PROXY_PASSWORD\"}'"
)
DOMAIN = "for NTLM: smtpcheck profile set {profile|NAME} proxy.domain DOMAIN, beside the others"
NO_DOMAIN = "leave it: smtpcheck profile unset {profile|NAME} proxy.domain"
REMOVE = "see: smtpcheck probe X; then remove it: smtpcheck profile unset {profile|NAME} proxy"
URL = "http://USER@p.example:3128"
PASSWORD = "--set 'proxy.password={env=\"PROXY_PASSWORD\"}'"


@pytest.mark.parametrize("origin", ["profile", "", None])
@pytest.mark.parametrize("step", [LOGIN, DOMAIN, NO_DOMAIN, REMOVE])
def test_what_a_profile_set_is_changed_there(step: str, origin: str | None) -> None:
    assert by_origin(step, {**FACTS, "proxy.from": origin}) == step


@pytest.mark.parametrize(
    ("origin", "step", "wanted"),
    [
        ("flag", LOGIN, f"give both: --proxy {URL} {PASSWORD}"),
        ("flag", DOMAIN, "for NTLM: --set proxy.domain=DOMAIN, beside the others"),
        ("flag", NO_DOMAIN, "leave it: leave --set proxy.domain out"),
        ("flag", REMOVE, "see: smtpcheck probe X"),
        (
            "environment",
            LOGIN,
            "give both: set SMTPCHECK_PROXY_USERNAME=USER and SMTPCHECK_PROXY_PASSWORD",
        ),
        ("environment", NO_DOMAIN, "leave it: unset SMTPCHECK_PROXY_DOMAIN"),
        (
            "environment",
            REMOVE,
            "see: smtpcheck probe X; then correct or unset the variables SMTPCHECK_PROXY_*",
        ),
        ("ALL_PROXY", LOGIN, f"give both: ALL_PROXY={URL} and {PASSWORD}"),
        ("ALL_PROXY", REMOVE, "see: smtpcheck probe X; then correct or unset ALL_PROXY"),
    ],
)
def test_what_something_stronger_set_is_changed_there(origin: str, step: str, wanted: str) -> None:
    assert by_origin(step, {**FACTS, "proxy.from": origin}) == wanted


def test_the_address_of_a_proxy_is_written_as_a_url_has_it() -> None:
    facts: dict[str, Json] = {
        "proxy.from": "flag",
        "proxy.type": "socks5",
        "proxy.host": "::1",
        "proxy.port": 1080,
    }
    step = "smtpcheck profile set {profile|NAME} proxy.type KIND, which is one of http"
    assert by_origin(step, facts) == "--proxy KIND://[::1]:1080, which is one of http"
