"""Which mechanism is chosen, and what stands against the others."""

from __future__ import annotations

import pytest

from smtpcheck.wire.mechanisms import MECHANISMS
from smtpcheck.wire.sasl_choice import SPOKEN, Means, choose, options, weaker

VERIFIED = Means(verified=True)
CERTIFICATE = Means(verified=True, certificate=True, password=False)


def chosen(offered: str, means: Means) -> str | None:
    choice = choose(tuple(offered.split()), means)
    return choice.mechanism if choice else None


def test_the_list_of_the_chooser_is_the_list_of_the_speaker() -> None:
    assert set(MECHANISMS) == SPOKEN


@pytest.mark.parametrize(
    ("offered", "mechanism"),
    [
        ("CRAM-MD5 LOGIN PLAIN XOAUTH2", "PLAIN"),
        ("LOGIN CRAM-MD5", "LOGIN"),
        ("PLAIN SCRAM-SHA-1", "SCRAM-SHA-1"),
        ("PLAIN SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256"),
        ("NTLM CRAM-MD5", "CRAM-MD5"),
        ("SCRAM-SHA-256-PLUS SCRAM-SHA-256", "SCRAM-SHA-256"),
        ("XOAUTH2 OAUTHBEARER", None),
        ("GSSAPI NTLM", None),
        ("EXTERNAL", None),
    ],
)
def test_the_order_of_auto_within_verified_tls(offered: str, mechanism: str | None) -> None:
    assert chosen(offered, VERIFIED) == mechanism


def test_where_others_listen_auto_spares_the_password() -> None:
    assert chosen("CRAM-MD5 LOGIN PLAIN", Means()) == "CRAM-MD5"
    assert chosen("CRAM-MD5 SCRAM-SHA-1 PLAIN", Means()) == "SCRAM-SHA-1"
    assert chosen("LOGIN PLAIN", Means()) == "PLAIN"


def test_where_others_listen_a_refusal_leads_to_no_mechanism_that_shows_the_password() -> None:
    offered = ("CRAM-MD5", "SCRAM-SHA-1", "PLAIN", "LOGIN")
    choice = choose(offered, Means())
    assert choice is not None
    assert choice.rest == ("CRAM-MD5",)


def test_ntlm_is_taken_only_when_asked_for_or_when_nothing_else_fits() -> None:
    means = Means(verified=True, ntlm=True)
    assert chosen("NTLM GSSAPI", means) == "NTLM"
    assert chosen("NTLM CRAM-MD5", means) == "CRAM-MD5"
    assert chosen("NTLM PLAIN", Means(method="ntlm", verified=True, ntlm=True)) == "NTLM"


def test_plus_is_taken_where_there_is_a_binding() -> None:
    offered = "SCRAM-SHA-1-PLUS SCRAM-SHA-1 SCRAM-SHA-256-PLUS SCRAM-SHA-256"
    means = Means(verified=True, bindable=True)
    assert chosen(offered, means) == "SCRAM-SHA-256-PLUS"
    named = Means(method="scram-sha-1", verified=True, bindable=True)
    assert chosen(offered, named) == "SCRAM-SHA-1-PLUS"
    assert chosen(offered, Means(method="scram-sha-1", verified=True)) == "SCRAM-SHA-1"


def test_a_certificate_without_a_password_is_external() -> None:
    assert chosen("PLAIN EXTERNAL SCRAM-SHA-256", CERTIFICATE) == "EXTERNAL"
    both = Means(verified=True, certificate=True)
    assert chosen("PLAIN EXTERNAL", both) == "PLAIN"
    assert chosen("XOAUTH2 EXTERNAL", both) == "EXTERNAL"


def test_a_method_that_is_set_is_never_another() -> None:
    assert chosen("CRAM-MD5 LOGIN PLAIN", Means(method="login", verified=True)) == "LOGIN"
    assert chosen("LOGIN", Means(method="plain", verified=True)) is None
    assert chosen("SCRAM-SHA-1", Means(method="scram-sha-256", verified=True)) is None
    assert chosen("PLAIN XOAUTH2", Means(method="xoauth2", verified=True)) == "XOAUTH2"


def test_each_mechanism_says_what_stands_against_it() -> None:
    offered = ("PLAIN", "NTLM", "EXTERNAL", "XOAUTH2", "SCRAM-SHA-256-PLUS", "GSSAPI")
    told = {each.name: each.reason for each in options(offered, VERIFIED)}
    assert told == {
        "PLAIN": "",
        "NTLM": "needs smtpcheck[ntlm]",
        "EXTERNAL": "needs a client certificate (tls.client_cert)",
        "XOAUTH2": "takes a token, never a password (auth.method xoauth2)",
        "SCRAM-SHA-256-PLUS": "needs a channel binding, which this connection does not give",
        "GSSAPI": "smtpcheck does not speak it",
    }
    token = {each.name: each.reason for each in options(offered, Means(method="xoauth2"))}
    assert token["PLAIN"] == "takes a password, and the profile holds a token"
    assert token["XOAUTH2"] == ""


@pytest.mark.parametrize(
    ("before", "after", "suspicious"),
    [
        ("CRAM-MD5", "CRAM-MD5 PLAIN", False),
        ("SCRAM-SHA-256 PLAIN", "PLAIN LOGIN", True),
        ("CRAM-MD5 NTLM", "PLAIN", False),
        ("SCRAM-SHA-1", "SCRAM-SHA-256", False),
        ("SCRAM-SHA-256", "GSSAPI PLAIN", False),
        ("PLAIN LOGIN", "PLAIN", False),
        ("", "PLAIN", False),
        ("CRAM-MD5", "", False),
    ],
)
def test_a_weaker_list_after_tls_is_seen(before: str, after: str, suspicious: bool) -> None:
    assert weaker(tuple(before.split()), tuple(after.split())) is suspicious
