"""Lint tells of OAuth settings that no issuer and no server would take."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from smtpcheck.diagnosis.lint import lint
from smtpcheck.model.profile import Auth, OAuth, Profile, Server
from smtpcheck.model.secret import SecretRef, SecretSource
from smtpcheck.model.token import TokenUnavailableError
from smtpcheck.oauth.issuer import checked_settings

_SECRET = SecretRef(SecretSource.ENV, "CLIENT_SECRET")


def _found(host: str, **oauth: Any) -> list[tuple[str, str]]:
    profile = Profile(
        server=Server(host=host),
        auth=Auth(username="me@example.com", oauth=OAuth(client_id="app", **oauth)),
    )
    told = lint(profile, None, now_date=dt.date(2026, 11, 28))
    return [(each.id, each.key) for each in told if each.id.startswith("oauth-")]


@pytest.mark.parametrize(
    ("oauth", "key"),
    [
        ({"issuer": "google", "flow": "device"}, "auth.oauth.flow"),
        ({"issuer": "microsoft", "flow": "service-account"}, "auth.oauth.flow"),
        (
            {"issuer": "microsoft", "flow": "client-credentials", "client_secret": _SECRET},
            "auth.oauth.tenant",
        ),
    ],
)
def test_what_login_refuses_lint_tells(oauth: dict[str, Any], key: str) -> None:
    assert _found("mail.example.com", **oauth) == [("oauth-impossible", key)]
    with pytest.raises(TokenUnavailableError):
        checked_settings(OAuth(client_id="app", **oauth))


def test_tokens_of_another_issuer_or_cloud_are_told() -> None:
    other = [("oauth-issuer-of-another", "auth.oauth.issuer")]
    assert _found("smtp.office365.com", issuer="google", flow="browser") == other
    assert _found("smtp.gmail.com", issuer="microsoft", flow="browser") == other
    cloud = [("oauth-cloud-of-another", "auth.oauth.cloud")]
    assert _found("smtp.office365.com", issuer="microsoft", cloud="us-gov") == cloud
    assert _found("smtp.office365.us", issuer="microsoft", cloud="public") == cloud


def test_of_what_fits_nothing_is_said() -> None:
    assert _found("smtp.office365.com", issuer="microsoft") == []
    assert _found("smtp.office365.us", issuer="microsoft", cloud="us-gov") == []
    assert _found("smtp.gmail.com", issuer="google", flow="browser") == []
