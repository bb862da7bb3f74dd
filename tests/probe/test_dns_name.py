"""Names, addresses and what is neither."""

from __future__ import annotations

import socket

import pytest

from smtpcheck.probe.resolve_name import (
    HostName,
    Literal,
    Malformed,
    ResolvedAddress,
    read_host,
)


@pytest.mark.parametrize(
    ("host", "ascii_", "absolute"),
    [
        ("smtp.example.com", "smtp.example.com", False),
        ("smtp.example.com.", "smtp.example.com", True),
        ("SMTP.Example.COM", "SMTP.Example.COM", False),
        ("mailhub", "mailhub", False),
        ("my_relay.internal", "my_relay.internal", False),
        ("_submission._tcp.example.com", "_submission._tcp.example.com", False),
        ("xn--gre-6ka8l.de", "xn--gre-6ka8l.de", False),
        ("straße.de", "xn--strae-oqa.de", False),
        ("l" * 63 + ".example", "l" * 63 + ".example", False),
        (".".join(["a" * 49] * 5) + ".com", ".".join(["a" * 49] * 5) + ".com", False),
        ("1und1.de", "1und1.de", False),
        ("12.example.0x1g", "12.example.0x1g", False),
    ],
)
def test_a_name_is_kept_in_its_ascii_form(host: str, ascii_: str, absolute: bool) -> None:
    assert read_host(host) == HostName(ascii_, absolute)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("", "empty"),
        (".", "dot"),
        ("a..b", "dots"),
        (".example.com", "dot"),
        ("example.com..", "dots"),
        ("l" * 64 + ".example", "63"),
        (".".join(["a" * 49] * 5) + ".comm", "253"),
        ("http://smtp.example.com", "':'"),
        ("smtp.example.com:587", "':'"),
        ("smtp.example.com/x", "'/'"),
        ("me@example.com", "'@'"),
        ('"smtp.example.com"', "'\"'"),
        ("a,b", "','"),
        ("two words", "' '"),
        ("nul\0", "'\\x00'"),
        ("line\n", "'\\n'"),
        ("10.0.0.256", "IPv4"),
        ("127.1", "IPv4"),
        ("0x7f.0x1", "IPv4"),
        ("2130706433", "IPv4"),
        ("[127.0.0.1", "'['"),
        ("[smtp.example.com]", "brackets"),
        ("::g", "':'"),
        ("fe80::1%no-such-interface", "interface"),
        ("\u2603\u200d.example", "international"),
        ("a\u3002\u3002b", ""),
    ],
)
def test_what_is_no_host_says_why(host: str, words: str) -> None:
    read = read_host(host)
    assert isinstance(read, Malformed)
    assert words in read.message


@pytest.mark.parametrize(
    ("host", "family", "address"),
    [
        ("192.0.2.1", "ipv4", "192.0.2.1"),
        ("[192.0.2.1]", "ipv4", "192.0.2.1"),
        ("2001:DB8:0::1", "ipv6", "2001:db8::1"),
        ("[2001:db8::1]", "ipv6", "2001:db8::1"),
        ("::1", "ipv6", "::1"),
    ],
)
def test_an_address_is_not_looked_up(host: str, family: str, address: str) -> None:
    assert read_host(host) == Literal(ResolvedAddress(family, address))


@pytest.mark.parametrize("host", ["fe80::1%{}", "[fe80::1%{}]", "[fe80::1%25{}]", "fe80::1%25{}"])
def test_a_scope_may_be_a_name_or_a_number(host: str) -> None:
    index, name = socket.if_nameindex()[0]
    wanted = Literal(ResolvedAddress("ipv6", "fe80::1", index))
    assert read_host(host.format(name)) == wanted
    assert read_host(host.format(index)) == wanted


@pytest.mark.parametrize(
    ("host", "special"),
    [
        ("localhost", "localhost"),
        ("LocalHost.", "localhost"),
        ("app.localhost", "localhost"),
        ("localhost.example.com", ""),
        ("notlocalhost", ""),
    ],
)
def test_localhost_stands_for_this_machine(host: str, special: str) -> None:
    read = read_host(host)
    assert isinstance(read, HostName)
    assert read.special == special
