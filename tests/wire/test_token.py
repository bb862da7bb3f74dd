"""Claims, refusals and records: read from text that may be anything."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.secret import Secret
from smtpcheck.model.token import KeptLogin
from smtpcheck.wire.sasl import keyring_record, token_claims
from smtpcheck.wire.token import claims_of, login_of, refusal_of
from tests.oauth.fake_issuer import jwt


def test_a_token_of_a_user_names_scope_audience_and_account() -> None:
    claims = claims_of(
        jwt(
            aud="https://outlook.office.com",
            scp="SMTP.Send IMAP.AccessAsUser.All",
            upn="alice@example.com",
            tid="t-1",
            appid="a-1",
            exp=2_000_000_000,
            nbf=1_000_000_000.5,
        )
    )
    assert claims.kind == "jwt"
    assert claims.audience == ("https://outlook.office.com",)
    assert claims.scopes == ("SMTP.Send", "IMAP.AccessAsUser.All")
    assert (claims.account, claims.tenant, claims.app) == ("alice@example.com", "t-1", "a-1")
    assert (claims.expires, claims.not_before) == (2e9, 1_000_000_000.5)
    assert not claims.app_only


@pytest.mark.parametrize("claims", [{"idtyp": "app"}, {"roles": ["SMTP.SendAsApp"]}])
def test_a_token_without_a_user_is_one_of_the_application(claims: dict[str, object]) -> None:
    assert claims_of(jwt(**claims)).app_only


@pytest.mark.parametrize("name", ["upn", "preferred_username", "unique_name", "email"])
def test_the_account_stands_under_any_of_its_names(name: str) -> None:
    assert claims_of(jwt(**{name: "alice@example.com"})).account == "alice@example.com"


@pytest.mark.parametrize(
    "token", ["", "ya29.a0AfB_byD", "a.b.c", "EwB4A8l6BAAU", "....", "é.ü.ß", "x" * 100_000]
)
def test_what_is_no_jwt_is_opaque(token: str) -> None:
    assert claims_of(token).kind == "opaque"


def test_a_jwt_whose_claims_are_none_says_so() -> None:
    head = jwt().partition(".")[0]
    assert claims_of(f"{head}.bm90IGpzb24.x").error


def test_claims_of_any_type_and_size_are_cut_to_words() -> None:
    claims = claims_of(
        jwt(
            aud=["a" * 5_000, 5, None, *["b"] * 900],
            scp={"x": 1},
            roles="r",
            upn=["x"],
            exp="soon",
            nbf=1e300,
            tid=True,
        )
    )
    assert len(claims.audience[0]) == 200
    assert len(claims.audience) <= 40
    assert (claims.scopes, claims.account, claims.tenant) == ((), "", "")
    assert (claims.expires, claims.not_before) == (0.0, 0.0)


def test_nothing_of_the_signature_is_kept() -> None:
    token = jwt(upn="alice@example.com")
    assert token.rpartition(".")[2] not in repr(token_claims(Secret(token)))


@given(st.text(max_size=300) | st.builds(lambda b: jwt(x=b), st.text(max_size=40)))
def test_any_text_gives_claims(text: str) -> None:
    assert claims_of(text).kind in ("jwt", "opaque")


@pytest.mark.parametrize(
    ("challenge", "told"),
    [
        (
            b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}',
            {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"},
        ),
        (b'{"status":401}', {"status": "401"}),
        (b'{"status":"invalid_token","x":"y"}', {"status": "invalid_token"}),
        (b'{"status":["x"]}', {}),
        (b"[" * 50_000, {}),
        (b"\xff\xfe", {}),
        (b"", {}),
        (b'"x"', {}),
    ],
)
def test_the_json_of_a_refusal_is_read(challenge: bytes, told: dict[str, str]) -> None:
    assert refusal_of(challenge) == told


def test_a_login_comes_back_from_its_record() -> None:
    login = KeptLogin(
        issuer="microsoft",
        client_id="app-1",
        flow="device",
        access=Secret("a"),
        refresh=Secret("r"),
        scopes=("x", "y"),
        account="alice@example.com",
        expires=2e9,
        obtained=1e9,
    )
    assert login_of(keyring_record(login)) == login


@pytest.mark.parametrize(
    "record", ["", "{}", "[]", '{"v":2,"access":"x"}', '{"v":1}', "[" * 50_000, "null"]
)
def test_what_is_no_record_is_no_login(record: str) -> None:
    assert login_of(record) is None


def test_the_helper_of_the_tests_makes_a_jwt() -> None:
    payload = jwt(a=1).split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(payload + "==")) == {"a": 1}
