"""Whatever a format can say comes back the same: profile, text, profile."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.formats import NAMES
from smtpcheck.store.foreign.placeholder import is_placeholder
from tests.store.foreign.reading_back import profile_of, read_back, settings_of, written

SERVER = {"server.host", "server.port", "server.security"}
LOGIN = {"auth.username"}
SENDER = {"sender.address", "sender.name"}
TLS_FILES = {"tls.ca_file", "tls.client_cert", "tls.client_key"}
CLIENT = {"tls.client_cert", "tls.client_key"}
VERIFY = {"tls.verify", "tls.ca_file"}
FROM = {"sender.address"}
CARRIES: dict[str, set[str]] = {
    "dotenv": SERVER | LOGIN | SENDER | TLS_FILES | {"tls.verify", "server.helo", "auth.method"},
    "url": SERVER | LOGIN | {"tls.verify", "server.helo", "auth.method"},
    "msmtp": SERVER | LOGIN | {"sender.address"} | {"server.helo", "auth.method"},
    "django": SERVER | LOGIN | SENDER | {"tls.client_cert", "tls.client_key"},
    "flask": SERVER | LOGIN | SENDER,
    "symfony": SERVER | LOGIN | {"tls.verify", "server.helo"},
    "postfix": SERVER | {"server.helo", "auth.method"},
    "nodemailer": SERVER
    | LOGIN
    | SENDER
    | TLS_FILES
    | {"tls.verify", "server.helo", "auth.method"},
    "phpmailer": SERVER | LOGIN | SENDER | TLS_FILES | {"tls.verify", "server.helo", "auth.method"},
    "wordpress": SERVER | LOGIN | SENDER,
    "swaks": SERVER | LOGIN | SENDER | TLS_FILES | {"server.helo", "auth.method"},
    "laravel": (SERVER - {"server.security"}) | LOGIN | SENDER | {"server.helo"},
    "spring": SERVER | LOGIN | SENDER | {"tls.verify", "server.helo"},
    "rails": SERVER | LOGIN | SENDER | {*VERIFY, "server.helo", "auth.method"},
    "dotnet": SERVER | LOGIN | SENDER | {"tls.verify", "server.helo"},
    "grafana": SERVER | LOGIN | SENDER | CLIENT | {"tls.verify", "server.helo"},
    "alertmanager": SERVER | LOGIN | SENDER | TLS_FILES | {"tls.verify", "server.helo"},
    "gitlab": SERVER | LOGIN | SENDER | {*VERIFY, "server.helo", "auth.method"},
    "nextcloud": (SERVER - {"server.security"}) | LOGIN | TLS_FILES | {*FROM, "tls.verify"},
    "keycloak": SERVER | LOGIN | SENDER,
    "discourse": SERVER | LOGIN | {*FROM, "tls.verify", "server.helo", "auth.method"},
    "jenkins": SERVER | LOGIN | SENDER,
    "compose": SERVER | LOGIN | SENDER | TLS_FILES | {"tls.verify", "server.helo", "auth.method"},
    "kubernetes": SERVER
    | LOGIN
    | SENDER
    | TLS_FILES
    | {"tls.verify", "server.helo", "auth.method"},
}
"""What each format has words for, whatever the rest of the profile is."""
REFERENCES: dict[str, set[str]] = {
    "dotenv": {"env"},
    "url": {"env"},
    "msmtp": {"env", "file", "command"},
    "postfix": set(),
    "nodemailer": {"env", "file"},
    "phpmailer": {"env", "file"},
    "wordpress": {"env", "file"},
    "swaks": {"env"},
    "laravel": {"env"},
    "django": {"env", "file"},
    "flask": {"env", "file"},
    "symfony": {"env"},
    "spring": {"env"},
    "rails": {"env", "file"},
    "dotnet": set(),
    "grafana": {"env", "file"},
    "alertmanager": {"file"},
    "gitlab": {"env", "file"},
    "nextcloud": {"env", "file"},
    "keycloak": {"env"},
    "discourse": set(),
    "jenkins": {"env", "file"},
    "compose": {"env"},
    "kubernetes": set(),
}
"""The places of a password that each format can name."""

LINE = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
        min_size=1,
        max_size=24,
    )
    .map(str.strip)
    .filter(bool)
)
NAME = LINE.filter(lambda text: not set("<>") & set(text))
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
HOST = st.builds("{}.{}.example".format, WORD, WORD)
ADDRESS = st.builds("{}@{}".format, WORD, HOST)
PATH = st.builds("/etc/{} {}.pem".format, WORD, WORD)
PASSWORD = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=24,
).filter(lambda text: text == text.strip() and not is_placeholder(text))


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Any]:
    """Settings by full key that make a valid profile with a login."""
    security = draw(st.sampled_from(["starttls", "tls", "none"]))
    ports = {"starttls": [587, 25, 2525], "tls": [465], "none": [25, 2525]}
    values: dict[str, Any] = {
        "server.host": draw(HOST | st.sampled_from(["2001:db8::25", "192.0.2.25", "localhost"])),
        "server.port": draw(st.sampled_from(ports[security])),
        "server.security": security,
        "auth.username": draw(NAME | ADDRESS),
        "auth.password": {"keyring": True},
        "sender.address": draw(ADDRESS),
    }
    optional = {
        "sender.name": NAME,
        "server.helo": HOST,
        "tls.verify": st.just(value=False),
        "tls.ca_file": PATH,
        "auth.method": st.sampled_from(["plain", "login", "cram-md5"]),
    }
    for key, strategy in optional.items():
        if draw(st.booleans()):
            values[key] = draw(strategy)
    if draw(st.booleans()):
        values |= {"tls.client_cert": draw(PATH), "tls.client_key": draw(PATH)}
    return values


@pytest.mark.parametrize("name", NAMES)
@given(values=profiles(), password=PASSWORD)
@settings(deadline=None, max_examples=60)
def test_what_a_format_says_comes_back(name: str, values: dict[str, Any], password: str) -> None:
    assume(name != "postfix" or ":" not in values["auth.username"])
    profile = profile_of(values)
    text, saying = written(name, profile, password)
    back, secrets = read_back(name, text)
    before, after = settings_of(profile), settings_of(back)
    assert {key: after[key] for key in CARRIES[name]} == {key: before[key] for key in CARRIES[name]}
    assert secrets == {"auth.password": password}
    assert saying.holds_secret


@pytest.mark.parametrize("name", NAMES)
@given(values=profiles())
@settings(deadline=None, max_examples=20)
def test_a_placeholder_comes_back_as_no_secret(name: str, values: dict[str, Any]) -> None:
    assume(name != "postfix" or ":" not in values["auth.username"])
    text, saying = written(name, profile_of(values))
    _back, secrets = read_back(name, text)
    assert secrets == {}
    assert not saying.holds_secret
    assert any("--show-secret" in note for note in saying.notes())


@pytest.mark.parametrize(
    "reference",
    [{"env": "SMTP_PW"}, {"file": "/run/secrets/smtp pw"}, {"command": ["pass", "x y"]}],
)
@pytest.mark.parametrize("name", NAMES)
def test_the_place_of_a_password_comes_back(name: str, reference: dict[str, Any]) -> None:
    values = {
        "server.host": "smtp.example.com",
        "server.security": "starttls",
        "auth.username": "me",
        "auth.password": reference,
    }
    profile = profile_of(values)
    text, _saying = written(name, profile)
    back, secrets = read_back(name, text)
    kept = set(reference) & REFERENCES[name]
    assert back.auth.password == (profile.auth.password if kept else None)
    assert secrets == {}


@pytest.mark.parametrize(
    ("name", "username", "password"),
    [("postfix", "a:b", "x"), ("postfix", "a", " x"), ("msmtp", "a", "x\ny")],
)
def test_what_a_format_cannot_hold_is_refused(name: str, username: str, password: str) -> None:
    values = {
        "server.host": "smtp.example.com",
        "server.security": "starttls",
        "auth.username": username,
        "auth.password": {"keyring": True},
    }
    with pytest.raises(UsageError, match="cannot hold"):
        written(name, profile_of(values), password)
