"""The mechanisms of a server by what a profile would need."""

from __future__ import annotations

from smtpcheck.wire.sasl_choice import logins

_OFFERED = ("PLAIN", "XOAUTH2", "NTLM", "EXTERNAL", "GSSAPI", "SCRAM-SHA-256-PLUS", "PLAIN")


def test_each_mechanism_stands_once_under_what_it_needs() -> None:
    assert logins(_OFFERED, secured=True, ntlm=True) == {
        "password": ["PLAIN", "NTLM", "SCRAM-SHA-256-PLUS"],
        "token": ["XOAUTH2"],
        "certificate": ["EXTERNAL"],
        "unspoken": ["GSSAPI"],
    }


def test_before_tls_and_without_the_extra_it_is_said_what_is_wanting() -> None:
    found = logins(_OFFERED, secured=False, ntlm=False)
    assert found["tls"] == ["SCRAM-SHA-256-PLUS"]
    assert found["extra"] == ["NTLM"]
    assert found["password"] == ["PLAIN"]


def test_no_mechanism_needs_nothing() -> None:
    assert logins((), secured=True, ntlm=True) == {}
