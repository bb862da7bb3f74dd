"""The access token in what a file, a variable or a command gives for it."""

from __future__ import annotations

import json

import pytest

from smtpcheck.wire.token import bare_token, claims_of
from tests.oauth.fake_issuer import jwt

TOKEN = jwt(aud="https://outlook.office.com", exp=1_900_000_000)
GIVEN = {
    "": TOKEN,
    "the blanks or line ends around it": f" {TOKEN}\r\n",
    "the word Bearer before it": f"Bearer {TOKEN}\n",
    "the quotes around it": f'"{TOKEN}"',
    "the quotes around it and the word Bearer before it": f"'bearer  {TOKEN}'",
    "the JSON around it": json.dumps({"token_type": "Bearer", "access_token": TOKEN}),
    "the JSON around it and the word Bearer before it": json.dumps(
        {"accessToken": f"Bearer {TOKEN}"}
    ),
}


@pytest.mark.parametrize("off", GIVEN)
def test_what_is_no_part_of_the_token_is_taken_off_and_told(off: str) -> None:
    assert bare_token(GIVEN[off]) == (TOKEN, off)
    assert claims_of(bare_token(GIVEN[off])[0]).kind == "jwt"


def test_a_header_as_it_is_written_gives_its_token() -> None:
    assert bare_token(f"Authorization: Bearer {TOKEN}")[0] == TOKEN


@pytest.mark.parametrize(
    "token", ["EwBIA8l6BAAUbDba3x2OMJElkF7gJ4z/VbCPEz0AAZ==", "ya29.a0-_~", "Bearer2x"]
)
def test_a_bare_token_stays_as_it_is(token: str) -> None:
    assert bare_token(token) == (token, "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("{", "begins like JSON"),
        ('{"error": "invalid_grant"}', "begins like JSON"),
        ('{"access_token": 7}', "begins like JSON"),
        ("Bearer ", "nothing is left"),
        ('""', "nothing is left"),
        ("token-canary is this", "blanks or line ends"),
        ("token-canary-\u00fc", "characters"),
        ("token-canary\x00", "characters"),
    ],
)
def test_what_can_be_no_token_is_refused_in_words_that_do_not_hold_it(
    given: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        bare_token(given)
    assert "canary" not in str(caught.value)
