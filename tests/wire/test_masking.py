"""Masking a secret by value."""

from __future__ import annotations

import base64
from collections.abc import Callable
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


SPELLED: dict[str, Callable[[bytes], str]] = {
    "percent": lambda raw: "".join(f"%{octet:02X}" for octet in raw),
    "percent, small": lambda raw: "".join(f"%{octet:02x}" for octet in raw),
    "percent, in part": lambda raw: (
        raw[:3].decode("latin-1") + "".join(f"%{n:02x}" for n in raw[3:])
    ),
    "quoted-printable": lambda raw: "".join(f"={octet:02X}" for octet in raw),
    "blanks": lambda raw: raw.hex(" "),
    "colons": lambda raw: raw.hex(":").upper(),
    "pairs of octets": lambda raw: raw.hex(" ", -2),
    "behind an odd digit": lambda raw: f"abcdeff{raw.hex(' ', -2)}",
    "C": lambda raw: "".join(f"\\x{octet:02x}" for octet in raw),
    "an array": lambda raw: ", ".join(f"0x{octet:02x}" for octet in raw),
    "JSON": lambda raw: "".join(f"\\u{ord(letter):04x}" for letter in raw.decode()),
    "HTML": lambda raw: "".join(f"&#{ord(letter)};" for letter in raw.decode()),
    "HTML, hex": lambda raw: "".join(f"&#x{ord(letter):X};" for letter in raw.decode()),
}


@pytest.mark.parametrize("way", SPELLED)
@pytest.mark.parametrize("secret", ["Canary-7315", "gr\u00fcn und wei\u00df"])
def test_a_secret_that_is_spelled_out_octet_by_octet_is_masked(way: str, secret: str) -> None:
    if way == "percent, in part" and not secret.isascii():
        secret = "Ca nary 7315"
    told = masker(secret).text(f"535 5.7.8 <{SPELLED[way](secret.encode())}> is wrong")
    before = "0x" if way == "an array" else "abcdeff" if way == "behind an odd digit" else ""
    assert told == f"535 5.7.8 <{before}<hidden>> is wrong"


@pytest.mark.parametrize(
    "text",
    [
        "250 2.0.0 Ok: queued as 4ABCDE12345 at 2026-11-28 08:42:45",
        "a9:23:54:aa:bb:cc:dd:ee:ff:00:11:22 is its fingerprint",
        "100% sure =C3=A9 %zz &#0; &#9999999; \\u",
    ],
)
def test_what_only_looks_like_hex_stays(text: str) -> None:
    assert masker("2026-112808").text(text) == text


def test_a_letter_that_grows_in_small_letters_moves_no_mask() -> None:
    assert masker("canary-7").text("\u0130\u0130 canary-7.") == "\u0130\u0130 <hidden>."


def test_forms_that_overlap_become_one_mask() -> None:
    mask = Masker()
    mask.add("abcdef", "defghi")
    assert mask.text("xabcdefghix") == "x<hidden>x"
