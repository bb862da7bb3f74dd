"""The flows against an issuer that plays each part."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from smtpcheck.model.token import KeptLogin, TokenUnavailableError
from smtpcheck.oauth.browser import browser_login
from smtpcheck.oauth.device import DeviceCode, device_login
from smtpcheck.oauth.refusal import unreachable
from smtpcheck.oauth.unattended import refreshed, revoked, unattended
from smtpcheck.wire.sasl import for_issuer
from tests.oauth.fake_issuer import (
    METADATA,
    Answer,
    Asked,
    FakeIssuer,
    granted,
    jwt,
    new_service_key,
    refusal,
)
from tests.pki import TestPki

PENDING = refusal("authorization_pending")
SECRET = "client-canary-secret"
CODE = {
    "device_code": "device-canary-code",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://issuer.example/device",
    "expires_in": 900,
    "interval": 5,
}


def access(login: KeptLogin) -> str:
    return for_issuer(login.access)()


def by_device(
    pki: TestPki, *replies: Any, code: dict[str, object] | None = None, seconds: float = 3_600.0
) -> tuple[KeptLogin | TokenUnavailableError, list[float], list[DeviceCode], FakeIssuer]:
    """How the flow ended, what it waited, what the user was told, the issuer."""
    waits: list[float] = []
    told: list[DeviceCode] = []
    with FakeIssuer(pki) as issuer:
        issuer.on("/device", Answer(CODE if code is None else code))
        issuer.on("/token", *replies)
        try:
            login = device_login(issuer.client(seconds=seconds), told.append, waits.append)
        except TokenUnavailableError as error:
            return error, waits, told, issuer
    return login, waits, told, issuer


def test_the_device_flow_waits_for_the_user_and_slows_down_when_told(pki: TestPki) -> None:
    replies = (PENDING, refusal("slow_down"), PENDING, granted(refresh_token="refresh-canary"))
    login, waits, told, issuer = by_device(pki, *replies)
    assert isinstance(login, KeptLogin)
    assert access(login) == "access-canary-1"
    assert login.refresh is not None
    assert waits == [5.0, 5.0, 10.0, 10.0]
    assert (told[0].url, told[0].code) == ("https://issuer.example/device", "ABCD-EFGH")
    assert issuer.forms("/device")[0] == {
        "client_id": "app-1",
        "scope": "openid email offline_access",
    }
    assert issuer.forms("/token")[0]["device_code"] == "device-canary-code"
    assert issuer.forms("/token")[0]["client_id"] == "app-1"


@pytest.mark.parametrize("word", ["access_denied", "expired_token", "invalid_client"])
def test_a_refusal_ends_the_device_flow(pki: TestPki, word: str) -> None:
    error, waits, _, _ = by_device(pki, PENDING, refusal(word))
    assert isinstance(error, TokenUnavailableError)
    assert error.facts["oauth.error"] == word
    assert len(waits) == 2


@pytest.mark.parametrize("word", ["authorization_pending", "slow_down"])
def test_an_issuer_that_never_ends_is_left_when_the_code_is_over(pki: TestPki, word: str) -> None:
    error, waits, _, _ = by_device(pki, refusal(word), code={**CODE, "expires_in": 10**8})
    assert isinstance(error, TokenUnavailableError)
    assert (error.kind, error.facts["oauth.error"]) == ("token-refused", "expired_token")
    assert sum(waits) <= 1_800
    assert max(waits) <= 60


def test_an_issuer_that_is_gone_to_the_end_is_not_taken_for_a_user_who_did_not_come(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**_: str) -> KeptLogin:
        raise unreachable("the issuer cannot be asked: Connection refused")

    with FakeIssuer(pki) as issuer:
        issuer.on("/device", Answer({**CODE, "expires_in": 20}))
        client = issuer.client(seconds=3_600.0)
        monkeypatch.setattr(client, "login", gone)
        with pytest.raises(TokenUnavailableError, match="Connection refused") as caught:
            device_login(client, lambda _code: None, lambda _seconds: None)
    assert caught.value.kind == "issuer-unreachable"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"user_code": "\x1b[2J"}, "nobody can type"),
        ({"user_code": "A" * 500}, "nobody can type"),
        ({"verification_uri": "javascript:alert(1)"}, "not an https"),
        ({"verification_uri": "http://evil.example"}, "not an https"),
        ({"device_code": ""}, "gave no code"),
    ],
)
def test_a_code_that_is_none_is_refused(
    pki: TestPki, changed: dict[str, object], words: str
) -> None:
    error, _, told, _ = by_device(pki, granted(), code={**CODE, **changed})
    assert isinstance(error, TokenUnavailableError)
    assert words in error.reason
    assert told == []


def test_an_issuer_without_a_device_flow_is_told(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on(METADATA, Answer(issuer.metadata(device_authorization_endpoint=None)))
        with pytest.raises(TokenUnavailableError, match="no device flow"):
            device_login(issuer.client(), lambda _: None, lambda _: None)


def browse(visit: Callable[[str, dict[str, str]], None]) -> tuple[Callable[[str], None], list[str]]:
    """Shows no page: visits the address on this machine in a thread, as a browser would."""
    shown: list[str] = []

    def show(url: str) -> None:
        shown.append(url)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        threading.Thread(target=visit, args=(asked["redirect_uri"], asked), daemon=True).start()

    return show, shown


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - on loopback
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_browser_flow_proves_itself_by_pkce_and_shows_a_page(pki: TestPki) -> None:
    pages: list[tuple[int, str]] = []

    def visit(back: str, asked: dict[str, str]) -> None:
        pages.append(get(f"{back}favicon.ico"))
        pages.append(get(f"{back}?code=evil&state=other"))
        pages.append(get(f"{back}?code=auth-canary&state={asked['state']}"))

    show, shown = browse(visit)
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", granted(refresh_token="r"))
        login = browser_login(issuer.client("browser"), show)
    assert access(login) == "access-canary-1"
    query = {name: values[0] for name, values in parse_qs(urlsplit(shown[0]).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"].startswith("http://127.0.0.1:")
    assert query["login_hint"] == "alice@example.test"
    form = issuer.forms("/token")[0]
    assert form["code"] == "auth-canary"
    assert form["redirect_uri"] == query["redirect_uri"]
    assert challenge(form["code_verifier"]) == query["code_challenge"]
    assert [status for status, _ in pages[:2]] == [404, 404]
    for _status, page in pages:
        assert "canary" not in page


def challenge(verifier: str) -> str:
    import base64
    import hashlib

    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_a_refusal_in_the_browser_is_told(pki: TestPki) -> None:
    words = quote("The user\nsaid no")
    show, _ = browse(
        lambda back, asked: (
            get(f"{back}?error=access_denied&error_description={words}&state={asked['state']}"),
            None,
        )[1]
    )
    with FakeIssuer(pki) as issuer, pytest.raises(TokenUnavailableError) as caught:
        browser_login(issuer.client("browser"), show)
    assert caught.value.facts == {
        "oauth.error": "access_denied",
        "oauth.description": "The user said no",
    }
    assert issuer.forms("/token") == []


@pytest.mark.parametrize(
    "answer", ["code=x&state=wrong", "code=x", "state={state}", "code=x&code=y&state={state}"]
)
def test_an_answer_without_this_state_and_a_code_never_counts(pki: TestPki, answer: str) -> None:
    show, _ = browse(lambda back, asked: (get(f"{back}?{answer.format(**asked)}"), None)[1])
    with FakeIssuer(pki) as issuer, pytest.raises(TokenUnavailableError, match="nobody signed in"):
        browser_login(issuer.client("browser", seconds=0.5), show)
    assert issuer.forms("/token") == []


def test_an_answer_of_another_issuer_is_refused(pki: TestPki) -> None:
    show, _ = browse(
        lambda back, asked: (
            get(f"{back}?code=x&iss=https://evil.example&state={asked['state']}"),
            None,
        )[1]
    )
    with FakeIssuer(pki) as issuer, pytest.raises(TokenUnavailableError, match="another issuer"):
        browser_login(issuer.client("browser"), show)
    assert issuer.forms("/token") == []


@pytest.mark.parametrize("nonce", ["", "other", None])
def test_an_identity_of_another_sign_in_is_refused(pki: TestPki, nonce: str | None) -> None:
    show, shown = browse(
        lambda back, asked: (get(f"{back}?code=x&state={asked['state']}"), None)[1]
    )

    def answer(_: Asked) -> Answer:
        given = parse_qs(urlsplit(shown[0]).query)["nonce"][0] if nonce is None else nonce
        return granted(id_token=jwt(nonce=given, email="alice@example.test"))

    with FakeIssuer(pki) as issuer:
        issuer.on("/token", answer)
        if nonce is None:
            assert browser_login(issuer.client("browser"), show).account == "alice@example.test"
        else:
            with pytest.raises(TokenUnavailableError, match="another sign-in"):
                browser_login(issuer.client("browser"), show)


def test_an_application_signs_in_with_its_secret(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", granted(access_token=jwt(roles=["SMTP.SendAsApp"], exp=4e9)))
        client = issuer.client("client-credentials", secret=SECRET, scope="https://x/.default")
        login = unattended(client)
    form = issuer.forms("/token")[0]
    assert form["grant_type"] == "client_credentials"
    assert (form["client_secret"], form["scope"]) == (SECRET, "https://x/.default")
    assert (login.expires, login.refresh) == (4e9, None)


def test_without_a_list_of_methods_the_secret_goes_into_the_header(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on(METADATA, Answer(issuer.metadata(token_endpoint_auth_methods_supported=None)))
        issuer.on("/token", granted())
        unattended(issuer.client("client-credentials", secret=SECRET))
    asked = issuer.asked[-1]
    assert asked.headers["Authorization"].startswith("Basic ")
    assert "client_secret" not in asked.form


def test_a_service_account_signs_for_the_mailbox(pki: TestPki) -> None:
    from joserfc import jwt as signed
    from joserfc.jwk import import_key

    key, public = new_service_key()
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", granted())
        unattended(issuer.client("service-account", key=key, scope="https://mail.google.com/"))
    form = issuer.forms("/token")[0]
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    token = signed.decode(form["assertion"], import_key(public, "RSA"), algorithms=["RS256"])
    assert token.header["kid"] == "k1"
    told = token.claims
    assert (told["iss"], told["sub"]) == ("robot@p.example", "alice@example.test")
    assert (told["aud"], told["scope"]) == (f"{issuer.url}/token", "https://mail.google.com/")
    assert 0 < told["exp"] - time.time() <= 3600


def first_login(issuer: FakeIssuer, **more: object) -> KeptLogin:
    issuer.on("/token", granted(refresh_token="refresh-canary-1", **more))
    return issuer.client().login(grant_type="x")


def test_a_refresh_keeps_the_old_refresh_token_unless_it_gets_a_new_one(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        login = first_login(issuer, id_token=jwt(email="alice@example.test"))
        issuer.on("/token", granted(access_token="second"), granted(refresh_token="rotated"))
        second = refreshed(issuer.client(), login)
        third = refreshed(issuer.client(), second)
    assert access(second) == "second"
    assert second.account == third.account == "alice@example.test"
    assert [each.get("refresh_token") for each in issuer.forms("/token")[1:]] == [
        "refresh-canary-1",
        "refresh-canary-1",
    ]
    assert third.refresh is not None
    assert for_issuer(third.refresh)() == "rotated"


ECHOED = [
    ("refresh-canary-1", "refresh-canary-1"),
    (SECRET, SECRET),
]


@pytest.mark.parametrize(("echo", "value"), ECHOED, ids=["refresh-token", "client-secret"])
def test_what_an_issuer_echoes_of_a_secret_is_masked(pki: TestPki, echo: str, value: str) -> None:
    with FakeIssuer(pki) as issuer:
        login = first_login(issuer)
        issuer.on("/token", refusal("invalid_grant", f"bad {echo} \x1b[31m"))
        with pytest.raises(TokenUnavailableError) as caught:
            refreshed(issuer.client(secret=SECRET), login)
    shown = f"{caught.value.reason} {caught.value.facts} {caught.value!r}"
    assert value not in shown
    assert "\x1b" not in shown
    assert caught.value.facts["oauth.error"] == "invalid_grant"


def test_the_number_of_a_refusal_of_microsoft_is_kept_and_its_tail_is_not(pki: TestPki) -> None:
    said = (
        "AADSTS7000215: Invalid client secret provided. Trace ID: 1-2 Correlation ID: 3-4 "
        "Timestamp: 2026-01-01 10:00:00Z"
    )
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", refusal("invalid_client", said, 401))
        with pytest.raises(TokenUnavailableError) as caught:
            unattended(issuer.client("client-credentials", secret=SECRET))
    assert caught.value.facts == {
        "oauth.error": "invalid_client",
        "oauth.code": "AADSTS7000215",
        "oauth.description": "AADSTS7000215: Invalid client secret provided.",
        "oauth.http_status": 401,
    }


@pytest.mark.parametrize(
    "answer",
    [
        granted(access_token=""),
        granted(access_token="two words"),
        granted(access_token=["x"]),
        granted(access_token="x" * 70_000),
        granted(token_type="mac"),
        Answer(b"<html>", headers={"Content-Type": "text/html"}),
        Answer({"error": "x"}, status=302, headers={"Location": "https://evil.example"}),
        Answer([], status=200),
        Answer(b"", status=502),
    ],
)
def test_an_answer_without_a_usable_token_is_told_as_such(pki: TestPki, answer: Answer) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", answer)
        with pytest.raises(TokenUnavailableError) as caught:
            unattended(issuer.client("client-credentials", secret=SECRET))
    assert caught.value.kind == "issuer-answer"
    assert SECRET not in caught.value.reason


@pytest.mark.parametrize("life", ["3600", 3600, 3600.0])
def test_the_life_of_a_token_may_be_text(pki: TestPki, life: object) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", granted(expires_in=life))
        login = unattended(issuer.client("client-credentials", secret=SECRET))
    assert 3_500 < login.expires - time.time() <= 3_600


@pytest.mark.parametrize("life", [True, -5, "soon", 1e300, None, {}])
def test_a_life_that_is_none_is_not_known(pki: TestPki, life: object) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", granted(expires_in=life))
        assert unattended(issuer.client("client-credentials", secret=SECRET)).expires == 0.0


def test_the_refresh_token_is_revoked_where_the_issuer_offers_it(pki: TestPki) -> None:
    with FakeIssuer(pki) as issuer:
        login = first_login(issuer)
        issuer.on("/revoke", Answer(b""))
        assert revoked(issuer.client(), login)
        form = issuer.forms("/revoke")[0]
        issuer.on(METADATA, Answer(issuer.metadata(revocation_endpoint=None)))
        assert not revoked(issuer.client(), login)
    assert (form["token"], form["token_type_hint"]) == ("refresh-canary-1", "refresh_token")
