"""Where an issuer is asked, and what is not believed of it."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.profile import OAuth
from smtpcheck.model.token import TokenUnavailableError
from smtpcheck.oauth.endpoints import endpoints_of
from smtpcheck.oauth.http import Clock, new_session
from tests.oauth.fake_issuer import METADATA, Answer, FakeIssuer
from tests.pki import TestPki


def known(**settings: Any) -> Any:
    return endpoints_of(OAuth(**settings), new_session(Clock(1.0), ""))


@pytest.mark.parametrize(
    ("cloud", "host", "user", "app"),
    [
        ("public", "login.microsoftonline.com", "outlook.office.com", "outlook.office365.com"),
        ("us-gov", "login.microsoftonline.us", "outlook.office365.us", "outlook.office365.us"),
        ("china", "login.partner.microsoftonline.cn", "partner.outlook.cn", "partner.outlook.cn"),
    ],
)
def test_each_cloud_of_microsoft_has_its_own_hosts_and_scopes(
    cloud: str, host: str, user: str, app: str
) -> None:
    one = known(issuer="microsoft", cloud=cloud)
    assert one.device == f"https://{host}/organizations/oauth2/v2.0/devicecode"
    assert one.scopes == f"https://{user}/SMTP.Send offline_access"
    two = known(issuer="microsoft", cloud=cloud, tenant="t.example", flow="client-credentials")
    assert two.token == f"https://{host}/t.example/oauth2/v2.0/token"
    assert two.scopes == f"https://{app}/.default"


def test_a_tenant_cannot_lead_to_another_path() -> None:
    assert "/..%2Fx%3Fy/" in known(issuer="microsoft", tenant="../x?y").token


def test_google_is_asked_for_the_scope_of_mail_and_offers_no_device_flow() -> None:
    google = known(issuer="google", flow="browser")
    assert google.scopes.split()[0] == "https://mail.google.com/"
    assert google.device == ""
    assert known(issuer="google", flow="service-account").scopes == "https://mail.google.com/"


def test_a_scope_of_the_profile_wins() -> None:
    assert known(issuer="google", flow="browser", scope="a b").scopes == "a b"


def test_metadata_are_found_by_the_issuer_and_by_their_own_url(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        by_issuer = issuer.client().endpoints
        by_url = issuer.client(issuer=issuer.url + METADATA).endpoints
    assert by_issuer == by_url
    assert by_issuer.token == f"{issuer.url}/token"
    assert by_issuer.client_auth == "client_secret_post"


def test_metadata_of_rfc_8414_stand_between_host_and_path(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.replies.clear()
        told = issuer.metadata(issuer=f"{issuer.url}/realm")
        issuer.on("/.well-known/oauth-authorization-server/realm", Answer(told))
        assert issuer.client(issuer=f"{issuer.url}/realm").endpoints.token.endswith("/token")


def test_only_scopes_that_the_issuer_knows_are_asked_for(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on(METADATA, Answer(issuer.metadata(scopes_supported=["openid", "x"])))
        assert issuer.client().endpoints.scopes == "openid"
        assert issuer.client("client-credentials").endpoints.scopes == ""


HOSTILE: dict[str, tuple[dict[str, object], str]] = {
    "another-issuer": ({"issuer": "https://evil.example"}, "another issuer"),
    "clear-token-endpoint": ({"token_endpoint": "http://evil.example/t"}, "not an https:// URL"),
    "user-in-url": ({"token_endpoint": "https://a@evil.example/t"}, "not an https:// URL"),
    "no-token-endpoint": ({"token_endpoint": None}, "no token endpoint"),
    "control-in-url": ({"token_endpoint": "https://x\r\nHost: y/"}, "no usable token endpoint"),
    "number": ({"device_authorization_endpoint": 5}, "no usable device endpoint"),
    "port": ({"token_endpoint": "https://x:99999/t"}, "not an https:// URL"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_metadata_are_refused(pki: TestPki, name: str) -> None:
    changed, words = HOSTILE[name]
    with FakeIssuer(pki) as issuer:
        issuer.on(METADATA, Answer(issuer.metadata(**changed)))
        with pytest.raises(TokenUnavailableError, match=words):
            issuer.client()


ANSWERS = {
    "html": (Answer(b"<html>hello", headers={"Content-Type": "text/html"}), "text/html"),
    "list": (Answer([1, 2]), "where JSON belongs"),
    "deep": (Answer(b"[" * 100_000), "where JSON belongs"),
    "redirect": (Answer(status=302, headers={"Location": "https://evil.example/"}), "redirects"),
    "huge": (Answer(b" " * 300_000), "sends more than"),
    "error": (Answer({"error": "x"}, status=500), "HTTP 500"),
    "nothing": (Answer(status=404), "no metadata"),
}


@pytest.mark.parametrize("name", list(ANSWERS))
def test_what_is_no_issuer_is_told_as_such(pki: TestPki, name: str) -> None:
    answer, words = ANSWERS[name]
    with FakeIssuer(pki) as issuer:
        issuer.on(METADATA, answer)
        with pytest.raises(TokenUnavailableError, match=words) as caught:
            issuer.client()
    assert caught.value.kind == "issuer-answer"


def test_an_issuer_without_a_trusted_certificate_is_not_asked(pki: TestPki) -> None:
    with (
        FakeIssuer(pki, certificate="unknown-ca") as issuer,
        pytest.raises(TokenUnavailableError, match="certificate is not trusted") as caught,
    ):
        issuer.client()
    assert caught.value.kind == "issuer-unreachable"
    assert issuer.asked == []


def test_nobody_there_is_told_with_the_host(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        pass
    with pytest.raises(TokenUnavailableError, match=r"127\.0\.0\.1 cannot be asked: .*refused"):
        issuer.client()


def test_an_answer_that_drips_ends_with_the_time(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on(METADATA, Answer(issuer.metadata(), drip=0.02))
        with pytest.raises(TokenUnavailableError) as caught:
            issuer.client(seconds=0.3)
    assert caught.value.kind == "issuer-unreachable"


def test_netrc_and_proxies_are_not_used_for_this_machine(
    pki: TestPki, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login netrc-user password netrc-secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with FakeIssuer(pki) as issuer:
        issuer.client()
    assert [each.headers.get("Authorization") for each in issuer.asked] == [None]


def test_http_is_for_this_machine_alone(pki: TestPki) -> None:
    with FakeIssuer(pki, tls=False) as issuer:
        assert issuer.client().endpoints.token.startswith("http://127.0.0.1:")
    with pytest.raises(TokenUnavailableError, match="not an https:// URL"):
        issuer.client(issuer="http://issuer.example")
