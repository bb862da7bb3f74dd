"""A Swaks command line with its password before it is recognised, whatever the password is."""

from __future__ import annotations

import shlex

import pytest

from smtpcheck.store.foreign.formats import guessed
from smtpcheck.wire.sasl import plain_text
from tests.store.foreign.reading_back import imported, source


@pytest.mark.parametrize(
    "password", ["p w", "it's one", "p$w${HOME}", 'a"b c', "a\\b", "' '", "#x y", "plain", "ü = 1"]
)
def test_an_exported_line_is_recognised(password: str) -> None:
    text = (
        f"SWAKS_OPT_auth_password={shlex.quote(password)} swaks --server h.example --port 587"
        " --tls --auth --auth-user u\n"
    )
    assert guessed(source(text)).name == "swaks"
    assert plain_text(imported("swaks", text).secrets["auth.password"]) == password


def test_a_variable_of_another_program_is_no_swaks_line() -> None:
    text = "MAIL_HOST=h.example\nMAIL_PORT=587\nMAIL_NOTE='see swaks --help'\n"
    assert guessed(source(text)).name != "swaks"
