"""Every notation of a target."""

from __future__ import annotations

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.model.target import Address, Named, ProfileFile, as_address, parse_target

GOOD = [
    ("office365", Named("office365")),
    ("smtp.example.com", Named("smtp.example.com")),
    ("./mail.toml", ProfileFile("./mail.toml")),
    ("mail.toml", ProfileFile("mail.toml")),
    ("/etc/x/mail", ProfileFile("/etc/x/mail")),
    ("mail.test:587", Address("mail.test", 587, "starttls")),
    ("mail.test,587", Address("mail.test", 587, "starttls")),
    ("mail.test:465", Address("mail.test", 465, "tls")),
    ("mail.test:25", Address("mail.test", 25, "none")),
    ("mail.test:2525", Address("mail.test", 2525, "starttls")),
    ("192.0.2.1:25", Address("192.0.2.1", 25, "none")),
    ("[2001:db8::1]:465", Address("2001:db8::1", 465, "tls")),
    ("[2001:db8::1]", Address("2001:db8::1", 587, "starttls")),
    ("2001:db8::1", Address("2001:db8::1", 587, "starttls")),
    ("smtp://mail.test", Address("mail.test", 25, "none")),
    ("smtp://mail.test:587", Address("mail.test", 587, "starttls")),
    ("smtp://mail.test:465", Address("mail.test", 465, "tls")),
    ("submission://mail.test", Address("mail.test", 587, "starttls", explicit=True)),
    ("submission://mail.test:25", Address("mail.test", 25, "starttls", explicit=True)),
    ("smtps://mail.test", Address("mail.test", 465, "tls", explicit=True)),
    ("submissions://mail.test:4650", Address("mail.test", 4650, "tls", explicit=True)),
    ("tls://mail.test", Address("mail.test", 587, "starttls", explicit=True)),
    ("ssl://mail.test", Address("mail.test", 465, "tls", explicit=True)),
    ("smtps://me%40x.test@mail.test", Address("mail.test", 465, "tls", "me@x.test", explicit=True)),
    ("submission://[::1]:2587/", Address("::1", 2587, "starttls", explicit=True)),
]

BAD = [
    "",
    " mail.test",
    "mail test",
    "mail.test:0",
    "mail.test:65536",
    "mail.test:smtp",
    "mail.test:",
    ":587",
    "http://mail.test",
    "smtp://",
    "smtp://mail.test:",
    "smtps://me@mail.test:/",
    "smtp://[::1]:",
    "smtp://mail.test:0",
    "smtp://mail.test/path",
    "smtp://mail.test?x=1",
    "me@mail.test:587",
    "[mail.test]:587",
    "a:b:c",
    "mail.test\n",
    "mail.test\u2028:25",
]


@pytest.mark.parametrize(("text", "target"), GOOD)
def test_each_notation_is_read(text: str, target: object) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_target_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_target(text)


@pytest.mark.parametrize(
    "text", ["smtp://me:hunter2@mail.test", "submission://me:hunter2@mail.test:587"]
)
def test_a_password_in_a_url_is_refused_without_an_echo(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    told = " ".join((caught.value.message, *caught.value.help))
    assert "hunter2" not in told
    assert "secret set" in told


def test_no_error_of_a_url_echoes_a_password() -> None:
    with pytest.raises(UsageError) as caught:
        parse_target("smtp://me:hunter2@mail.test:notaport")
    assert "hunter2" not in " ".join((caught.value.message, *caught.value.help))


def test_a_bare_host_is_submission_with_starttls() -> None:
    assert as_address("mail.test") == Address("mail.test", 587, "starttls")


def test_a_mail_address_is_not_a_host() -> None:
    with pytest.raises(UsageError, match="mail address"):
        as_address("me@mail.test")
