"""CONNECT through an HTTP proxy, to the octet (RFC 9110 section 9.3.6)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.secret import Secret
from smtpcheck.wire.http_connect import http_connect
from smtpcheck.wire.sasl import basic_login, ntlm_login
from smtpcheck.wire.sasl_fault import EncodingFaultError
from smtpcheck.wire.tunnel import Tunnel, Way
from tests.wire.tunnelling import through

OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
NTLM_CHALLENGE = base64.b64decode(
    # [MS-NLMP] section 4.2.4.3, the server's challenge of the documented NTLMv2 exchange
    "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgAC"
    "AAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA="
)


def basic() -> Way:
    return http_connect("mail.example", 587, basic_login("me", Secret("pw")), "Basic")


def ntlm() -> Way:
    login = ntlm_login("User", "Domain", Secret("canary-proxy"), "proxy.example")
    return http_connect("mail.example", 587, login, "NTLM")


def made(way: Way, answer: bytes, chunk: int = 65_536) -> Tunnel:
    result = through(way, answer, chunk=chunk)[1]
    assert result is not None
    return result


@pytest.mark.parametrize("chunk", [1, 7, 65_536])
def test_connect_names_the_server_and_the_tunnel_opens(chunk: int) -> None:
    said, opened = through(http_connect("mail.example", 587), OK, chunk=chunk)
    [request] = said
    assert request.startswith(b"CONNECT mail.example:587 HTTP/1.1\r\nHost: mail.example:587\r\n")
    assert request.endswith(b"\r\n\r\n")
    assert b"Authorization" not in request
    assert opened is not None
    assert (opened.kind, opened.facts) == ("", {"status": 200, "login": "none"})


def test_an_ipv6_address_stands_in_brackets() -> None:
    [request], _ = through(http_connect("2001:db8::1", 25), OK)
    assert request.startswith(b"CONNECT [2001:db8::1]:25 HTTP/1.1\r\n")


def test_what_comes_behind_the_answer_is_the_servers() -> None:
    opened = made(http_connect("mail.example", 587), OK + b"220 mail.example ESMTP\r\n")
    assert opened.rest == b"220 mail.example ESMTP\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_success_has_no_body_whatever_its_head_says(head: bytes) -> None:
    opened = made(http_connect("mail.example", 25), head + b"220 x\r\n")
    assert (opened.kind, opened.rest) == ("", b"220 x\r\n")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, "forbidden"),
        (405, "forbidden"),
        (501, "forbidden"),
        (500, "target-unreachable"),
        (502, "target-unreachable"),
        (503, "target-unreachable"),
        (504, "target-unreachable"),
        (400, "not-a-proxy"),
        (404, "not-a-proxy"),
        (302, "not-a-proxy"),
        (407, "auth-required"),
        (401, "auth-required"),
        (429, "other"),
    ],
)
def test_each_refusal_has_a_kind(status: int, kind: str) -> None:
    answer = f"HTTP/1.1 {status} What\r\nContent-Length: 4\r\n\r\nbody".encode()
    refused = made(http_connect("mail.example", 25), answer)
    assert (refused.kind, refused.facts["status"]) == (kind, status)
    assert refused.message == f"{status} What"


def test_basic_goes_with_the_request_and_its_refusal_is_one() -> None:
    answer = b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"
    said, refused = through(basic(), answer)
    assert b"Proxy-Authorization: Basic bWU6cHc=\r\n" in said[0]
    assert len(said) == 1
    assert refused is not None
    assert (refused.kind, refused.judged_login) == ("auth-refused", True)


def test_tinyproxys_401_is_a_refusal_of_the_login() -> None:
    refused = made(basic(), b"HTTP/1.0 401 Unauthorized\r\n\r\n")
    assert (refused.kind, refused.judged_login) == ("auth-refused", True)


def test_a_login_that_the_proxy_does_not_offer_was_not_judged() -> None:
    answer = b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n"
    refused = made(basic(), answer)
    assert (refused.kind, refused.judged_login) == ("auth-required", False)
    assert refused.facts["offered"] == ["NTLM", "Negotiate"]


def test_a_colon_in_the_user_name_is_refused() -> None:
    with pytest.raises(EncodingFaultError, match="colon"):
        basic_login("a:b", Secret("pw"))


def _negotiation(challenge: bytes, body: bytes = b"") -> bytes:
    head = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM "
    return (
        head
        + base64.b64encode(challenge)
        + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


@pytest.mark.parametrize("chunk", [3, 65_536])
def test_ntlm_takes_two_requests_and_never_says_the_password(chunk: int) -> None:
    first = _negotiation(NTLM_CHALLENGE, b"<html>407</html>")
    said, opened = through(ntlm(), first, OK, chunk=chunk)
    assert opened is not None
    assert (opened.kind, opened.facts["login"]) == ("", "ntlm")
    tokens = [
        base64.b64decode(line.split()[-1])
        for request in said
        for line in request.splitlines()
        if line.startswith(b"Proxy-Authorization: NTLM ")
    ]
    assert [token[:12] for token in tokens] == [b"NTLMSSP\0\1\0\0\0", b"NTLMSSP\0\3\0\0\0"]
    assert "Domain".encode("utf-16-le") in tokens[1]
    for form in (b"canary-proxy", "canary-proxy".encode("utf-16-le")):
        assert form not in b"".join(tokens)


def test_a_refused_ntlm_login_is_one_try() -> None:
    again = b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"
    said, refused = through(ntlm(), _negotiation(NTLM_CHALLENGE), again)
    assert len(said) == 2
    assert refused is not None
    assert (refused.kind, refused.judged_login) == ("auth-refused", True)


@pytest.mark.parametrize(
    "challenge", [b"", b"garbage", b"NTLMSSP\0\2\0\0\0", NTLM_CHALLENGE[:40], b"\xff" * 90]
)
def test_a_challenge_that_is_none_breaks_nothing(challenge: bytes) -> None:
    refused = made(ntlm(), _negotiation(challenge))
    assert refused.kind in ("auth-refused", "auth-required")


def test_a_proxy_that_challenges_for_ever_is_left() -> None:
    said, refused = through(ntlm(), *[_negotiation(NTLM_CHALLENGE)] * 9)
    assert len(said) <= 3
    assert refused is not None
    assert refused.kind == "auth-refused"


def test_an_answer_before_the_second_request_is_no_answer_to_it() -> None:
    said, refused = through(ntlm(), _negotiation(NTLM_CHALLENGE) + OK)
    assert len(said) == 1
    assert refused is not None
    assert refused.kind == "not-a-proxy"


def test_a_proxy_that_closes_between_the_steps_of_ntlm_is_told_so() -> None:
    answer = _negotiation(NTLM_CHALLENGE).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert made(ntlm(), answer).kind == "closed"


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example.test ESMTP\r\n250 x\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"\5\xff" + b"\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
        b"HTTP/1.1 " + b"2" * 200_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
        b"HTTP/1.1 102 x\r\n\r\n" * 9 + b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_what_is_no_http_proxy_is_told_so(answer: bytes) -> None:
    assert made(http_connect("mail.example", 25), answer, chunk=4096).kind == "not-a-proxy"


@given(st.one_of(st.binary(max_size=120), st.binary(max_size=80).map(b"HTTP/1.1 ".__add__)))
def test_no_octets_make_connect_fail(answer: bytes) -> None:
    for way in (http_connect("h.example", 25), basic(), ntlm()):
        result = through(way, answer)[1]
        assert result is None or isinstance(result.kind, str)
