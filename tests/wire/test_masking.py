"""Masking a secret by value."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.secret import Secret
from smtpcheck.wire.masking import Masker
from smtpcheck.wire.sasl import forms_of


def masker(secret: str, username: str = "tim@x.test") -> Masker:
    made = Masker()
    made.add(*forms_of(Secret(secret), username))
    return made


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=8, max_size=30),
    st.binary(max_size=5),
    st.binary(max_size=5),
)
def test_no_form_of_a_secret_survives(secret: str, before: bytes, after: bytes) -> None:
    raw = secret.encode()
    mask = masker(secret)
    for echoed in (
        secret,
        quote(secret, safe=""),
        raw.hex(),
        raw.hex().upper(),
        base64.b64encode(raw).decode(),
    ):
        assert echoed not in mask.text(f"535 you said {echoed}, no")
    inside = base64.b64encode(before + raw + after).decode()
    for rest in mask.text(inside).split("<hidden>"):
        for start in range(4):
            whole = rest[start : start + (len(rest) - start) // 4 * 4]
            assert raw not in base64.b64decode(whole)


def test_the_payload_of_plain_is_masked_whole() -> None:
    payload = base64.b64encode(b"\0tim@x.test\0correct horse").decode()
    assert masker("correct horse").text(f"501 cannot decode {payload}") == (
        "501 cannot decode <hidden>"
    )


def test_a_short_secret_is_masked_where_it_stands_alone() -> None:
    mask = masker("ok")
    assert mask.text("250 ok token") == "250 <hidden> token"


def test_facts_are_masked_to_their_depth() -> None:
    mask = masker("correct horse")
    told = mask.value({"reply": {"lines": ["a correct horse b"], "code": 535}})
    assert told == {"reply": {"lines": ["a <hidden> b"], "code": 535}}


@pytest.mark.parametrize("text", ["", "250 ok"])
def test_who_knows_nothing_masks_nothing(text: str) -> None:
    assert Masker().text(text) == text
