"""Lint: every check claims its case and not the case beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import pytest

from smtpcheck.diagnosis.lint import lint
from smtpcheck.diagnosis.lint_provider import distance
from smtpcheck.diagnosis.precheck import EXPLAINS
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.preset import Preset
from smtpcheck.model.profile import Auth, Profile, Sender, Server, Test
from smtpcheck.model.secret import SecretRef, SecretSource

TODAY = dt.date(2026, 11, 20)
ENV = SecretRef(SecretSource.ENV, "SMTP_PASSWORD")
M365 = Preset(
    name="office365",
    provider="m365",
    title="Microsoft 365",
    hosts=("smtp-legacy.office365.com", "smtp.office365.com"),
    settings={"server": {"host": "smtp.office365.com"}},
    username_form="address",
    sasl=("LOGIN", "XOAUTH2"),
    password_rules=(
        {"from": "", "password": "admin", "note": "where SMTP AUTH is on"},
        {"from": "2027-01-01", "password": "admin", "note": "passwords are off by default"},
    ),
    sender_rule="login-or-sendas",
)
GMAIL = Preset(
    name="gmail",
    provider="gmail",
    title="Gmail",
    hosts=("smtp.gmail.com", "smtp.googlemail.com"),
    settings={"server": {"host": "smtp.gmail.com"}},
    username_form="address",
    sender_rule="own-or-alias",
)
SES = Preset(
    name="ses",
    provider="ses",
    title="Amazon SES",
    hosts=("email-smtp.*.amazonaws.com",),
    host_template="email-smtp.{region}.amazonaws.com",
    regions=("eu-west-1", "us-east-1"),
    sender_rule="verified-identity",
    as_of="2026-08",
)
SENDGRID = Preset(
    name="sendgrid",
    provider="sendgrid",
    title="SendGrid",
    hosts=("smtp.sendgrid.net",),
    username_form="literal",
    username_literal="apikey",
    alternatives=({"port": 465, "security": "tls", "note": ""},),
)
OUTLOOK = Preset(
    name="outlook",
    provider="outlook-com",
    title="",
    hosts=("smtp-mail.outlook.com",),
    password_rules=({"from": "2024-09-16", "password": "refused", "note": "tokens only"},),
)
PRESETS = (M365, GMAIL, SES, SENDGRID, OUTLOOK)
GOOD = Profile(
    server=Server(host="mail.example.com", port=587, security="starttls"),
    auth=Auth(username="app@example.com", password=ENV),
    sender=Sender(address="app@example.com"),
)


def made(**sections: dict[str, Any]) -> Profile:
    """The good profile with some keys of some sections changed."""
    changed = {name: replace(getattr(GOOD, name), **values) for name, values in sections.items()}
    return replace(GOOD, **changed)


def ids(profile: Profile, preset: Preset | None = None, today: dt.date = TODAY) -> set[str]:
    return {each.id for each in lint(profile, preset, now_date=today, presets=PRESETS)}


def server(host: str, **more: Any) -> Profile:
    return made(server={"host": host, **more})


def test_a_good_profile_has_no_findings() -> None:
    assert ids(GOOD) == set()


SHORT = "host-short-name"
PORT = "port-security-mismatch"
PLAIN = "credentials-without-tls"
SES_HOST = "email-smtp.eu-west-1.amazonaws.com"
NOBODY = {"username": "", "password": None}
READING = "port-for-reading-mail"
FOREIGN = "sender-domain-of-another"
OUTSIDE = "recipient-in-other-domain"


def at_google(host: str, username: str = "app@gmail.com") -> Profile:
    """Mail of a Google account, through some host."""
    return made(
        server={"host": host}, auth={"username": username}, sender={"address": "app@gmail.com"}
    )


# id, the profile that has it, the nearest profile that has not
CASES = [
    (SHORT, server("mailhost"), server("mailhost.example.com")),
    (SHORT, server("mailhost"), server("localhost")),
    (SHORT, server("mailhost"), server("192.0.2.1")),
    ("host-is-address", server("192.0.2.1"), server("127.0.0.1")),
    (
        "host-is-address",
        server("2001:db8::1"),
        made(server={"host": "2001:db8::1"}, tls={"server_name": "mail.example.com"}),
    ),
    ("host-for-reading-mail", server("imap.example.com"), server("imapsmtp.example.com")),
    (PORT, made(server={"port": 465}), made(server={"port": 465, "security": "tls"})),
    (PORT, made(server={"security": "tls"}), made(server={"port": 2525, "security": "tls"})),
    (
        PORT,
        made(server={"port": 25, "security": "tls"}),
        made(server={"port": 25, "security": "starttls"}),
    ),
    (PORT, made(server={"port": 465, "security": "none"}), made(server={"port": 0})),
    (
        PLAIN,
        made(server={"security": "none", "port": 25}),
        made(server={"security": "none", "port": 25}, auth=NOBODY),
    ),
    (
        PLAIN,
        made(server={"security": "none", "port": 25}, auth={"allow_insecure": True}),
        made(auth={"allow_insecure": True}),
    ),
    (
        "tls-verification-off",
        made(tls={"verify": False}),
        made(tls={"verify": False, "fingerprint": "ab" * 32}),
    ),
    ("tls-version-old", made(tls={"min_version": "1.1"}), made(tls={"min_version": "1.3"})),
    ("timeout-too-small", made(server={"timeout": 4.9}), made(server={"timeout": 5.0})),
    ("helo-short-name", made(server={"helo": "app01"}), made(server={"helo": "[192.0.2.1]"})),
    ("username-has-blanks", made(auth={"username": "app "}), made(auth={"username": "a b"})),
    (
        "password-source-missing",
        made(auth={"password": None}),
        made(auth={"password": None, "method": "none"}),
    ),
    (
        "username-missing",
        made(auth={"username": ""}),
        made(auth={"username": "", "method": "oauthbearer"}),
    ),
    (
        "external-without-certificate",
        made(auth={"method": "external"}),
        made(auth={"method": "external"}, tls={"client_cert": "c.pem", "client_key": "k.pem"}),
    ),
    (
        "force-without-address",
        made(sender={"force": True, "address": ""}),
        made(sender={"force": True}),
    ),
    (
        "sender-domain-not-public",
        made(sender={"address": "app@server"}),
        made(sender={"address": "app@server"}, server={"host": "localhost"}),
    ),
    (
        "sender-domain-not-public",
        made(sender={"address": "app@host.local"}),
        made(sender={"address": "app@local.example.com"}),
    ),
    (
        "bounce-in-other-domain",
        made(sender={"bounce": "bounce@example.net"}),
        made(sender={"bounce": "b@bounces.example.com"}),
    ),
    (READING, server("mail.example.com", port=993), server("mail.example.com", port=2525)),
    (
        "sender-not-the-login",
        made(sender={"address": "app@example.org", "force": True}),
        made(sender={"force": True}),
    ),
    (
        "sender-not-the-login",
        made(
            server={"host": "smtp.gmail.com"}, sender={"address": "ops@example.com", "force": True}
        ),
        made(server={"host": "smtp.gmail.com"}, sender={"address": "ops@example.com"}),
    ),
    (FOREIGN, made(sender={"address": "app@gmail.com"}), at_google("smtp.gmail.com")),
    (FOREIGN, made(sender={"address": "app@yahoo.de"}), at_google("127.0.0.1")),
    (FOREIGN, at_google(SES_HOST, username="AKIAIOSFODNN7EXAMPLE"), at_google("mail.example.com")),
    (
        OUTSIDE,
        made(test={"to": ("ops@example.org",)}),
        made(test={"to": ("self", "ops@eu.example.com")}),
    ),
    (
        OUTSIDE,
        made(test={"to": ("self", "ops@example.org")}, auth=NOBODY),
        made(test={"to": ("ops@example.org",)}, server={"host": "localhost"}),
    ),
    (
        OUTSIDE,
        made(test={"to": ("ops@example.org",)}),
        replace(at_google("smtp.gmail.com"), test=Test(to=("ops@example.org",))),
    ),
    ("host-misspelt", server("smtp.gmial.com"), server("smtp.gmail.com")),
    ("host-misspelt", server("smtp.office356.com"), server("smtp.mail.com")),
    ("host-misspelt", server("gmail.com"), server("com.example.org")),
    ("host-misspelt", server("email-smtp.eu-west-1.amazonaw.com"), server(SES_HOST)),
    (
        "preset-host-mismatch",
        replace(server("smtp.gmail.com"), preset="office365"),
        replace(server("relay.example.com"), preset="office365"),
    ),
    (
        "mx-host-for-submission",
        server("example-com.mail.protection.outlook.com"),
        made(server={"host": "example-com.mail.protection.outlook.com", "port": 25}, auth=NOBODY),
    ),
    ("mx-host-for-submission", server("aspmx.l.google.com"), server("smtp.gmail.com")),
    (
        "mx-host-for-submission",
        made(server={"host": "x.mail.protection.outlook.com"}, auth=NOBODY),
        server("mail.example.com"),
    ),
    (
        "username-not-as-prescribed",
        server("smtp.sendgrid.net"),
        made(server={"host": "smtp.sendgrid.net"}, auth={"username": "apikey"}),
    ),
    (
        "username-not-an-address",
        made(server={"host": "smtp.gmail.com"}, auth={"username": "app"}),
        server("smtp.gmail.com"),
    ),
    (
        "region-unknown",
        server("email-smtp.eu-west1.amazonaws.com"),
        server(SES_HOST),
    ),
    (
        "password-login-ending",
        server("smtp.office365.com"),
        made(server={"host": "smtp.office365.com"}, auth={"method": "xoauth2"}),
    ),
    (
        "password-login-refused",
        server("smtp-mail.outlook.com"),
        made(server={"host": "smtp-mail.outlook.com"}, auth=NOBODY),
    ),
    (
        "method-not-offered",
        made(server={"host": "smtp.office365.com"}, auth={"method": "cram-md5"}),
        made(server={"host": "smtp.office365.com"}, auth={"method": "login"}),
    ),
    (
        "sender-not-the-login",
        made(server={"host": "smtp.gmail.com"}, sender={"address": "app@example.org"}),
        made(sender={"address": "app@example.org"}),
    ),
]


@pytest.mark.parametrize(("id_", "wrong", "right"), CASES)
def test_a_case_is_found_and_its_neighbour_is_not(id_: str, wrong: Profile, right: Profile) -> None:
    preset = M365 if wrong.preset else None
    assert id_ in ids(wrong, preset)
    assert id_ not in ids(right, preset)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("AKIAIOSFODNN7EXAMPLE", False),
        ("ASIAIOSFODNN7EXAMPLE", True),
        ("ses-smtp-user.20260101-120000", True),
        ("app@example.com", True),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", True),
    ],
)
def test_what_cannot_be_an_ses_user_name(name: str, found: bool) -> None:
    profile = made(server={"host": SES_HOST}, auth={"username": name})
    assert ("ses-username" in ids(profile)) is found


def test_a_key_in_the_place_of_the_user_name_is_not_quoted() -> None:
    key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    profile = made(server={"host": SES_HOST}, auth={"username": key})
    for each in lint(profile, None, now_date=TODAY, presets=PRESETS):
        assert key not in each.message + "".join(each.help)


def test_a_pair_that_the_provider_documents_is_right() -> None:
    documented = replace(SENDGRID, alternatives=({"port": 587, "security": "tls", "note": "both"},))
    profile = made(
        server={"host": "smtp.sendgrid.net", "security": "tls"}, auth={"username": "apikey"}
    )
    assert PORT in ids(profile, SENDGRID)
    assert PORT not in ids(profile, documented)


def test_errors_come_before_warnings() -> None:
    profile = made(server={"port": 465, "timeout": 1.0}, sender={"force": True, "address": ""})
    severities = [each.severity for each in lint(profile, None, now_date=TODAY)]
    assert severities == sorted(severities, key=lambda each: each is not Severity.ERROR)
    assert Severity.WARNING in severities


def test_every_finding_names_a_key_and_a_way_out() -> None:
    for _id, wrong, _right in CASES:
        for each in lint(wrong, None, now_date=TODAY, presets=PRESETS):
            assert "." in each.key
            assert each.help
            assert not each.message.endswith(".")


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("office365.com", "smtp.office365.com"),
        ("gmail.com", "smtp.gmail.com"),
        ("amazonaws.com", "email-smtp.{region}.amazonaws.com"),
        ("smpt.gmail.com", "smtp.gmail.com"),
    ],
)
def test_a_nearly_right_host_names_the_one_that_is_meant(host: str, meant: str) -> None:
    found = lint(server(host), None, now_date=TODAY, presets=PRESETS)
    assert [each.help for each in found] == [(f"did you mean {meant}?",)]


def test_without_presets_no_host_is_called_misspelt() -> None:
    assert lint(server("smtp.gmial.com"), None, now_date=TODAY) == ()


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("gmail", "gmail", 0),
        ("gmial", "gmail", 1),
        ("gmal", "gmail", 1),
        ("gmaill", "gmail", 1),
        ("gnail", "gmail", 1),
        ("gmail", "mail", 1),
        ("abc", "xyzabc", 9),
    ],
)
def test_distance_counts_slips(one: str, other: str, slips: int) -> None:
    assert distance(one, other) == slips


def test_a_manual_that_prints_tls_for_587_is_corrected() -> None:
    profile = made(server={"host": "smtp.office365.com", "security": "tls"})
    (found,) = (each for each in lint(profile, M365, now_date=TODAY) if each.id == PORT)
    assert found.severity is Severity.ERROR
    assert "starttls" in found.help[0]
    assert "manual" in found.help[0]


def test_every_finding_has_the_stages_that_it_may_explain() -> None:
    known = {name for name, _wrong, _right in CASES} | {"ses-username"}
    assert set(EXPLAINS) == known


def test_words_two_slips_apart_are_never_called_far_apart() -> None:
    """Neither by their lengths nor by their letters, whatever the slips are."""
    word = "smtp.gmail.com"
    near = {word}
    for _ in range(2):
        near |= set(islice(chain.from_iterable(map(_one_slip, sorted(near))), 400))
    assert len(near) > 400
    assert {each for each in near if distance(each, word) == 9} == set()


def _one_slip(word: str) -> Iterator[str]:
    for n in range(len(word)):
        yield word[:n] + word[n + 1 :]
        yield word[:n] + "q" + word[n + 1 :]
        yield word[:n] + "z" + word[n:]
        yield word[:n] + word[n : n + 2][::-1] + word[n + 2 :]
