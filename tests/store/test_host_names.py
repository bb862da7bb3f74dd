from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.store.host_names import domain, host
from smtpcheck.store.wrong_value import WrongValueError


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("smtp.example.com", "smtp.example.com"),
        ("localhost", "localhost"),
        ("smtp.example.com.", "smtp.example.com"),
        ("my_relay.example.com", "my_relay.example.com"),
        ("_smtp._tcp.bücher.example", "_smtp._tcp.xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("straße.example", "xn--strae-oqa.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bücher。example", "xn--bcher-kva.example"),
        ("1und1.example", "1und1.example"),
        ("3com", "3com"),
    ],
)
def test_a_host_is_normalised(text: str, name: str) -> None:
    assert host(text) == name


@pytest.mark.parametrize(
    ("text", "reason", "suggestion"),
    [
        ("http://smtp.example.com", "URL", 'host = "smtp.example.com"'),
        ("smtps://smtp.example.com:465/", "URL", 'host = "smtp.example.com" and port = 465'),
        ("smtp:smtp.example.com", "URL", 'host = "smtp.example.com"'),
        ("smtp.example.com:587", "port", 'host = "smtp.example.com" and port = 587'),
        ("[2001:db8::1]:587", "port", 'host = "2001:db8::1" and port = 587'),
        ("smtp.example.com,587", "port", 'host = "smtp.example.com" and port = 587'),
        ("smtp.example.com/mail", "path", 'host = "smtp.example.com"'),
        ("\\\\server\\share", "path", ""),
        ("a.example,b.example", "more than one host", ""),
        ('"smtp.example.com"', "quotation marks", ""),
        ("“smtp.example.com”", "quotation marks", ""),
        ("alerts@example.com", "mail address", "smtp.example.com"),
        (" smtp.example.com", "blank", 'host = "smtp.example.com"'),
        ("smtp example.com", "blank", ""),
        ("smtp.example.com\u00a0", "blank", 'host = "smtp.example.com"'),
        ("   ", "blank", ""),
        ("smtp.example.com..", "empty label", ""),
        ("smtp..example.com", "empty label", ""),
        (".example.com", "empty label", ""),
        (".", "empty label", ""),
        ("256.1.1.1", "IPv4", ""),
        ("192.0.2", "IPv4", ""),
        ("0x7f000001", "IPv4", ""),
        ("2001:db8::zz", "IPv6", ""),
        ("-smtp.example.com", "part", ""),
        ("smtp-.example.com", "part", ""),
        ("*.example.com", "part", "wildcard"),
        ("email-smtp.{region}.amazonaws.com", "part", "placeholder"),
        ("smtp!.example.com", "part", ""),
        ("x" * 64 + ".example", "63", ""),
        (".".join(["x" * 60] * 5), "253", ""),
        ("xn--\u00fc.example", "internationalised", ""),
        ("a\u200d.example", "internationalised", ""),
        ("☃.example", "internationalised", ""),
        ("[::g]", "IPv6", ""),
        ("[x]", "brackets", ""),
    ],
)
def test_what_is_no_host_is_refused_and_named(text: str, reason: str, suggestion: str) -> None:
    with pytest.raises(WrongValueError) as caught:
        host(text)
    assert reason in caught.value.reason
    assert suggestion in caught.value.suggestion


@pytest.mark.parametrize(
    "text", ["app01.example.com", "localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]", "a_b"]
)
def test_what_ehlo_may_carry_passes(text: str) -> None:
    assert domain(text) == text


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("192.0.2.1", '"[192.0.2.1]"'),
        ("2001:db8::1", '"[IPv6:2001:db8::1]"'),
        ("[2001:db8::1]", '"[IPv6:2001:db8::1]"'),
        ("[IPv6:192.0.2.1]", ""),
        ("[]", ""),
        ("my host", ""),
        ("http://x.example", ""),
    ],
)
def test_what_ehlo_may_not_carry_is_refused(text: str, suggestion: str) -> None:
    with pytest.raises(WrongValueError) as caught:
        domain(text)
    assert suggestion in caught.value.suggestion


@given(st.text(max_size=30))
def test_a_host_comes_out_as_ascii_without_blank_or_is_refused(text: str) -> None:
    try:
        name = host(text)
    except WrongValueError:
        return
    assert name.isascii()
    assert not set(name) & set(" \t\r\n\0<>@/,;\"'")
    assert host(name) == name
