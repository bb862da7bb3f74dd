"""Which server a text names, and what is odd about the name."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.pasted.place import oddity_of, place_of


@pytest.mark.parametrize(
    ("text", "host", "port", "security"),
    [
        (
            "Could not connect to SMTP host: mail.example.com, port: 465, response: -1",
            "mail.example.com",
            465,
            "",
        ),
        (
            "Couldn't connect to host, port: smtp.example.com, 587; timeout -1",
            "smtp.example.com",
            587,
            "",
        ),
        (
            "Connection: opening to ssl://smtp.example.com:465, timeout=300",
            "smtp.example.com",
            465,
            "tls",
        ),
        (
            "dial tcp: lookup smtp.example.com on 127.0.0.11:53: server misbehaving",
            "smtp.example.com",
            None,
            "",
        ),
        (
            "getaddrinfo ENOTFOUND mail.example.net mail.example.net:465",
            "mail.example.net",
            465,
            "",
        ),
        ("connect to mx1.example.com[192.0.2.1]:25: Connection refused", "mx1.example.com", 25, ""),
        (
            "Resolved webmail.example.com as 192.0.2.130:991 [cache miss]",
            "webmail.example.com",
            991,
            "",
        ),
        ("connect ECONNREFUSED 127.0.0.1:25", "127.0.0.1", 25, ""),
        ("host = smtp.example.com\nport = 587\ntls_starttls = off", "smtp.example.com", 587, "tls"),
        (
            "HOST: mail.example.nl; PORT: 465; FROM: a@example.com, TLS: 0",
            "mail.example.nl",
            465,
            "none",
        ),
        ("nothing of that kind", None, None, ""),
    ],
)
def test_the_server_is_read_from_the_text(
    text: str, host: str | None, port: int | None, security: str
) -> None:
    place = place_of(text)
    assert (place.host, place.port, place.security) == (host, port, security)


@pytest.mark.parametrize(
    ("text", "oddity"),
    [
        ("dial tcp :25: connectex: refused", "empty"),
        ("dial tcp: lookup smtp.example.com : no such host", "blank"),
        ('"syscall":"getaddrinfo",\n"hostname":"smtp.example.com,",', "comma"),
        ("getaddrinfo ENOTFOUND smtp://mail.example.com", "scheme"),
        ("getaddrinfo ENOTFOUND 'mail.example.com';", "quotes"),
        ("getaddrinfo ENOTFOUND user@example.com", "address"),
        ("getaddrinfo ENOTFOUND undefined", "placeholder"),
        ("getaddrinfo ENOTFOUND ${SMTP_HOST}", "placeholder"),
        ("getaddrinfo ENOTFOUND 1234 1234:465", "number"),
        ("getaddrinfo ENOTFOUND mail.example.com", ""),
    ],
)
def test_a_stray_character_in_the_host_is_seen(text: str, oddity: str) -> None:
    assert place_of(text).oddity == oddity


@pytest.mark.parametrize(
    "host", ["mail.example.com", "localhost", "2001:db8::1", "192.0.2.1", "a_b"]
)
def test_sound_hosts_have_no_oddity(host: str) -> None:
    assert oddity_of(host) == ""
