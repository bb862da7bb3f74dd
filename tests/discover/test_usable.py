from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.discover.usable import usable_host, usable_user
from smtpcheck.store.profile_reader import profile_from_settings


@given(st.text(max_size=80) | st.from_regex(r"[a-z0-9_.-]{1,40}", fullmatch=True))
def test_whatever_is_usable_makes_a_profile(text: str) -> None:
    host, user = usable_host(text), usable_user(text)
    tables = {"server": {"host": host or "x.test"}, "auth": {"username": user}}
    profile = profile_from_settings(tables, environment={}).profile
    assert profile.server.host == (host or "x.test")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("SMTP.Lab.Test.", "smtp.lab.test"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("localhost", ""),
        ("192.0.2.1", ""),
        ("2001:db8::1", ""),
        ("a..b", ""),
        ("-a.test", ""),
        ("a.test:465", ""),
        ("https://a.test", ""),
        ("", ""),
    ],
)
def test_a_host_is_a_name_of_the_internet(text: str, host: str) -> None:
    assert usable_host(text) == host


@pytest.mark.parametrize("text", ["a\nb", "a\u2028b", "<a>", "x" * 255])
def test_a_user_that_no_profile_can_hold_is_none(text: str) -> None:
    assert usable_user(text) == ""
    assert usable_user("me too") == "me too"
