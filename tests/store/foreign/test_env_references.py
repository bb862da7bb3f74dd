"""A `.env` value that names its own variable, or no other, is a look-up and no password."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.wire.sasl import plain_text
from tests.store.foreign.reading_back import imported

TEXT = "SMTP_HOST=h.example\nSMTP_USERNAME=u\nSMTP_PASSWORD=%s\n"


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("$SMTP_PASSWORD", {"env": "SMTP_PASSWORD"}),
        ('"$SMTP_PASSWORD"', {"env": "SMTP_PASSWORD"}),
        ("${SMTP_PASSWORD}", {"env": "SMTP_PASSWORD"}),
        ("$MAIL_PASSWORD", {"env": "MAIL_PASSWORD"}),
    ],
)
def test_the_name_of_a_variable_is_no_password(value: str, reference: dict[str, Any]) -> None:
    found = imported("dotenv", TEXT % value, ".env")
    assert found.values["auth.password"] == reference
    assert not found.secrets


@pytest.mark.parametrize(
    ("value", "password"),
    [
        ("$ecret", "$ecret"),
        ("$1x", "$1x"),
        ("pa$SMTP_PASSWORD", "pa$SMTP_PASSWORD"),
        ("'$SMTP_PASSWORD'", "$SMTP_PASSWORD"),
        ("$SECRET", "$SECRET"),
        ('"\\$SMTP_PASSWORD"', "$SMTP_PASSWORD"),
    ],
)
def test_a_password_that_begins_with_a_dollar_is_one(value: str, password: str) -> None:
    found = imported("dotenv", TEXT % value, ".env")
    assert plain_text(found.secrets["auth.password"]) == password
