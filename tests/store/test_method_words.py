"""Words that people write into `auth.method`."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpcheck.model.profile import AUTH_METHODS, Auth
from smtpcheck.store.keys import keys_of
from smtpcheck.store.method_words import hint_for_method
from smtpcheck.store.value_check import checked
from smtpcheck.store.wrong_value import WrongValueError

_METHOD = next(key for key in keys_of(Auth, "auth") if key.name == "auth.method")


def _hint(word: str) -> str:
    with pytest.raises(WrongValueError) as caught:
        checked(_METHOD, word, Path())
    return caught.value.suggestion


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("anonymous", "none"),
        ("No authentication", "none"),
        ("oauth2", "xoauth2"),
        ("OAuth", "xoauth2"),
        ("xoauth", "xoauth2"),
        ("cram_md5", "cram-md5"),
        ("CRAM-MD5", "cram-md5"),
        ("ntlmv2", "ntlm"),
        ("basic", "plain"),
        ("Normal password", "auto"),
        ("scram_sha_256", "scram-sha-256"),
        ("plian", "plain"),
    ],
)
def test_a_word_of_other_settings_pages_leads_to_the_method_it_means(word: str, meant: str) -> None:
    assert meant in AUTH_METHODS
    assert _hint(word) == f'did you mean "{meant}"?'


@pytest.mark.parametrize("word", ["digest-md5", "GSSAPI", "kerberos", "ntlmv1", "SCRAM-SHA-512"])
def test_a_mechanism_that_is_not_spoken_is_told_as_that(word: str) -> None:
    assert "smtpcheck does not speak it" in _hint(word)


def test_plus_is_no_method_of_its_own_and_comes_by_itself() -> None:
    assert _hint("scram-sha-256-plus").startswith('use "scram-sha-256": it binds')


def test_an_unknown_word_has_no_hint() -> None:
    assert hint_for_method("certainly-not") == ""
