"""SOCKS 4, 4a and 5 to the octet (RFC 1928, RFC 1929)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.secret import Secret
from smtpcheck.wire.sasl import socks5_login
from smtpcheck.wire.sasl_fault import EncodingFaultError
from smtpcheck.wire.socks import socks4, socks5
from smtpcheck.wire.tunnel import Tunnel
from tests.wire.tunnelling import through

GRANTED_4 = b"\0\x5a" + bytes(6)
BOUND = b"\5\0\0\1" + bytes(6)
LOGIN = socks5_login("me", Secret("pw"))


def result(outcome: Tunnel | None) -> Tunnel:
    assert outcome is not None
    return outcome


def test_socks4_says_address_port_and_user() -> None:
    said, made = through(socks4("192.0.2.1", 587, "me"), GRANTED_4)
    assert said == [b"\4\1\x02\x4b\xc0\0\x02\x01me\0"]
    assert result(made).kind == ""


def test_socks4a_leaves_the_name_to_the_proxy() -> None:
    said, made = through(socks4("mail.example", 25), GRANTED_4)
    assert said == [b"\4\1\0\x19\0\0\0\1\0mail.example\0"]
    assert result(made).kind == ""


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"\0\x5b" + bytes(6), "target-unreachable"),
        (b"\0\x5c" + bytes(6), "auth-required"),
        (b"\0\x5d" + bytes(6), "auth-refused"),
        (b"\0\x77" + bytes(6), "other"),
        (b"\4\x5a" + bytes(6), "not-a-proxy"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not-a-proxy"),
        (b"\5\xff", "not-a-proxy"),
    ],
)
def test_each_answer_of_socks4_has_a_kind(answer: bytes, kind: str) -> None:
    _, made = through(socks4("192.0.2.1", 25), answer)
    assert result(made).kind == kind


def test_socks4_carries_no_ipv6_address_and_no_nul() -> None:
    with pytest.raises(ValueError, match="IPv6"):
        next(socks4("2001:db8::1", 25))
    with pytest.raises(ValueError, match="NUL"):
        next(socks4("192.0.2.1", 25, "a\0b"))


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("mail.example", b"\3\x0cmail.example"),
        ("192.0.2.1", b"\1\xc0\0\x02\x01"),
        ("2001:db8::1", b"\4\x20\x01\x0d\xb8" + bytes(11) + b"\1"),
    ],
)
def test_socks5_without_a_login_offers_none_and_names_the_server(host: str, where: bytes) -> None:
    said, made = through(socks5(host, 587), b"\5\0" + BOUND)
    assert said == [b"\5\1\0", b"\5\1\0" + where + b"\x02\x4b"]
    assert result(made).facts == {"code": 0, "login": "none"}


def test_socks5_logs_in_only_where_the_proxy_asks_for_it() -> None:
    said, made = through(socks5("h.example", 25, LOGIN), b"\5\2" + b"\1\0" + BOUND)
    assert said[:2] == [b"\5\2\0\2", b"\1\2me\2pw"]
    assert result(made).facts["login"] == "password"
    said, made = through(socks5("h.example", 25, LOGIN), b"\5\0" + BOUND)
    assert LOGIN not in said
    assert result(made).facts["login"] == "none"


def test_a_refused_login_is_the_end() -> None:
    said, made = through(socks5("h.example", 25, LOGIN), b"\5\2" + b"\1\1" + BOUND)
    assert said[-1] == LOGIN
    assert (result(made).kind, result(made).judged_login) == ("auth-refused", True)


@pytest.mark.parametrize("bound", [b"\1" + bytes(4), b"\4" + bytes(16), b"\3\x04host", b"\3\0"])
def test_the_address_of_the_proxys_end_is_read_away_to_the_last_octet(bound: bytes) -> None:
    whole = b"\5\0" + b"\5\0\0" + bound + b"\0\1"
    _, made = through(socks5("h.example", 25), whole)
    assert result(made).kind == ""
    assert through(socks5("h.example", 25), whole[:-1])[1] is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, "target-unreachable"),
        (2, "forbidden"),
        (3, "target-unreachable"),
        (4, "target-unreachable"),
        (5, "target-unreachable"),
        (6, "target-unreachable"),
        (7, "forbidden"),
        (8, "target-unreachable"),
        (9, "other"),
        (255, "other"),
    ],
)
def test_each_refusal_of_socks5_has_a_kind(code: int, kind: str) -> None:
    _, made = through(socks5("h.example", 25), b"\5\0" + bytes([5, code]))
    assert result(made).kind == kind
    assert result(made).facts["code"] == code


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"\5\xff", "auth-required"),
        (b"\5\1", "not-a-proxy"),
        (b"\5\2", "auth-required"),
        (b"\4\0", "not-a-proxy"),
        (b"220 mail.example.test ESMTP\r\n", "not-a-proxy"),
        (b"HTTP/1.0 400 x\r\n", "not-a-proxy"),
        (b"\5\0HT", "not-a-proxy"),
        (b"\5\0\5\0\0\7" + bytes(20), "not-a-proxy"),
    ],
)
def test_what_is_no_socks5_is_told_so(answer: bytes, kind: str) -> None:
    _, made = through(socks5("h.example", 25), answer)
    assert result(made).kind == kind


@given(st.binary(max_size=80), st.booleans())
def test_no_octets_make_socks_fail(answer: bytes, login: bool) -> None:
    kinds = {None if each is None else each.kind for each in _all(answer, login)}
    assert kinds <= KINDS


KINDS = {
    None,
    "",
    "not-a-proxy",
    "auth-required",
    "auth-refused",
    "forbidden",
    "target-unreachable",
    "other",
}


def _all(answer: bytes, login: bool) -> list[Tunnel | None]:
    ways = (
        socks4("192.0.2.1", 25),
        socks4("h.example", 25),
        socks5("h.example", 25, LOGIN if login else None),
    )
    return [through(way, answer)[1] for way in ways]


@pytest.mark.parametrize(
    ("user", "password"), [("", "pw"), ("me", ""), ("m" * 256, "pw"), ("me", "ü" * 128)]
)
def test_a_login_that_rfc_1929_cannot_carry_is_refused_without_showing_it(
    user: str, password: str
) -> None:
    with pytest.raises(EncodingFaultError) as caught:
        socks5_login(user, Secret(password))
    assert not password or password not in str(caught.value)


def test_a_login_outside_ascii_goes_as_utf8() -> None:
    assert socks5_login("ü", Secret("ß")) == b"\1\2\xc3\xbc\2\xc3\x9f"
