"""Facts in the words of a cause."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.placeholder import LONGEST, fill, fill_value
from smtpcheck.model.jsonvalue import Json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at {server.host}:{server.port}", "at mx.example.com:587"),
        ("{auth.username}", "the user"),
        ("{auth.username|MAILBOX}", "MAILBOX"),
        ("{auth.username|}", ""),
        ("{server.host|x}", "mx.example.com"),
        ("{something.else}", "unknown"),
        ("{empty|nothing}", "nothing"),
        ("{names}", "a, b"),
        ("{many}", "0, 1, 2, 3, 4, 5 and 4 more"),
        ("{flag} {ratio}", "yes 0.5"),
        ("{table|none}", "none"),
        (
            'password = { env = "NAME" } and {} and {0}',
            'password = { env = "NAME" } and {} and {0}',
        ),
        ("{extensions.SIZE}", "1000"),
    ],
)
def test_a_placeholder_becomes_the_fact_or_a_neutral_word(text: str, shown: str) -> None:
    facts: dict[str, Json] = {
        "server.host": "mx.example.com",
        "server.port": 587,
        "empty": "",
        "names": ["a", "b"],
        "many": list(range(10)),
        "flag": True,
        "ratio": 0.5,
        "table": {"a": 1},
        "extensions.SIZE": "1000",
    }
    assert fill(text, facts) == shown


def test_a_placeholder_inside_a_fact_is_not_filled_again() -> None:
    assert fill("{a}", {"a": "{b}", "b": "secret"}) == "{b}"


def test_a_long_fact_is_cut() -> None:
    shown = fill("{reply.text}", {"reply.text": "word " * 1000})
    assert len(shown) <= LONGEST
    assert shown.endswith("wo...")
    assert len(fill("{names}", {"names": ["x" * 500] * 3})) <= LONGEST


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (465, 465),
        ("starttls", "starttls"),
        ("{port}", 465),
        ("{host}", "mx.example.com"),
        ("{absent}", None),
        ("{absent|tls}", "tls"),
        ("smtp.{host}", "smtp.mx.example.com"),
        ({"env": "X"}, {"env": "X"}),
    ],
)
def test_a_value_that_is_one_placeholder_keeps_the_type_of_the_fact(
    value: Json, made: Json
) -> None:
    assert fill_value(value, {"port": 465, "host": "mx.example.com"}) == made
