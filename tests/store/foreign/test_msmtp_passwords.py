"""Of `password` and `passwordeval` the one that msmtp itself sends with is taken."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.wire.sasl import plain_text
from tests.store.foreign.reading_back import imported

TEXT = """\
defaults
auth plain
tls on
host smtp.example.com

account command
user u
passwordeval "printenv PW"

account plain
user u
password parent

account own : command
password own

account late : plain
host late.example.com
passwordeval "printenv PW"

account both
user u
password one
passwordeval "printenv PW"

account cleared : both
host cleared.example.com
password

account two : command, plain
host two.example.com
user u
"""


@pytest.mark.parametrize(
    ("account", "secret", "reference"),
    [
        ("command", None, {"env": "PW"}),
        ("plain", "parent", None),
        ("own", "own", None),
        ("late", "parent", None),
        ("both", "one", None),
        ("cleared", None, {"env": "PW"}),
        ("two", "parent", None),
    ],
)
def test_a_password_counts_before_a_command_wherever_either_stands(
    account: str, secret: str | None, reference: dict[str, Any] | None
) -> None:
    found = imported("msmtp", TEXT, account=account)
    kept = found.secrets.get("auth.password")
    assert (kept and plain_text(kept)) == secret
    assert found.values.get("auth.password") == reference


@pytest.mark.parametrize("account", ["own", "late", "both", "two"])
def test_the_command_that_is_left_out_is_told(account: str) -> None:
    found = imported("msmtp", TEXT, account=account)
    assert any("msmtp takes password" in note.text for note in found.notes)
