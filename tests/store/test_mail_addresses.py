from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.store.mail_addresses import address
from smtpcheck.store.wrong_value import WrongValueError


@pytest.mark.parametrize(
    "text",
    [
        "alerts@example.com",
        "postmaster@localhost",
        "first.last+tag@mail.example.com",
        '"a b"@example.com',
        '"a@b"@example.com',
        '"quote\\"inside"@example.com',
        '"a..b"@example.com',
        "a@[192.0.2.1]",
        "a@[IPv6:2001:db8::1]",
        "jörg@example.com",
        "用户@例子.example",
        "a@bücher.example",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        "x" * 64 + "@example.com",
    ],
)
def test_a_valid_mailbox_stays_as_it_is(text: str) -> None:
    assert address(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no @"),
        ("alerts", "no @"),
        ("@example.com", "nothing before"),
        ("alerts@", "nothing behind"),
        ("a@b@example.com", "more than one @"),
        ("Alerts <alerts@example.com>", "angle brackets"),
        ("<>", "angle brackets"),
        ("mailto:alerts@example.com", "mailto"),
        ("a@example.com, b@example.com", "more than one address"),
        (" alerts@example.com", "blank"),
        ("al erts@example.com", "blank"),
        (".a@example.com", "dot at the edge"),
        ("a..b@example.com", "two in a row"),
        ("a(b)@example.com", "quotation marks"),
        ('"a@example.com', "not closed"),
        ("x" * 65 + "@example.com", "64 octets"),
        ("é" * 33 + "@example.com", "64 octets"),
        ("aaaa@" + ".".join(["x" * 60] * 4) + ".example", "254 octets"),
        ("a@example.com.", "dot at its end"),
        ("a@192.0.2.1", "bare IP"),
        ("a@[192.0.2.300]", "brackets"),
        ("a@exa mple.com", "blank"),
        ("a@example..com", "empty label"),
        ("a@-x.example", "part"),
        ("a@example.com:25", "port"),
        ("a@☃.example", "internationalised"),
    ],
)
def test_what_is_no_mailbox_is_refused_and_named(text: str, reason: str) -> None:
    with pytest.raises(WrongValueError) as caught:
        address(text)
    assert reason in caught.value.reason


def test_the_address_within_angle_brackets_is_suggested() -> None:
    with pytest.raises(WrongValueError) as caught:
        address("Alerts <alerts@example.com>")
    assert '"alerts@example.com"' in caught.value.suggestion


@given(st.text(max_size=20), st.sampled_from(["\r", "\n", "\0", ">", "<"]), st.text(max_size=20))
def test_nothing_that_could_start_a_new_command_passes(a: str, bad: str, b: str) -> None:
    with pytest.raises(WrongValueError):
        address(f"{a}{bad}{b}@example.com")
    with pytest.raises(WrongValueError):
        address(f'"{a}{bad}{b}"@example.com')


@given(
    st.emails(),
)
def test_addresses_that_others_hold_valid_pass(text: str) -> None:
    assert address(text) == text
