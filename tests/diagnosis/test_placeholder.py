"""Facts in the words of a cause."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.placeholder import LONGEST, fill, fill_value, for_target
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


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            "switch the mode: smtpcheck profile set NAME server.security tls",
            "switch the mode: add --set server.security=tls",
        ),
        (
            "(run smtpcheck profile set NAME server.port 587 server.security starttls), then",
            "(add --set server.port=587 --set server.security=starttls), then",
        ),
        (
            """smtpcheck profile set NAME auth.password '{env="SMTP_PASSWORD"}'""",
            """add --set 'auth.password={env="SMTP_PASSWORD"}'""",
        ),
        (
            'smtpcheck profile set NAME sender.name "Example app"',
            'add --set "sender.name=Example app"',
        ),
        (
            "enter the password again: smtpcheck secret set NAME",
            "enter the password again: type it when it is asked for, or set SMTPCHECK_PASSWORD",
        ),
        ("smtpcheck profile unset NAME tls.ca_file", "leave out --set tls.ca_file"),
    ],
)
def test_a_step_for_a_target_without_a_profile_can_be_taken(step: str, said: str) -> None:
    facts = {"target": "mail.test:25 --set tls.ca_file=/x", "profile": ""}
    assert for_target(step, facts) == said
    assert for_target(step, {**facts, "profile": "app"}) == step
    assert for_target(step, {}) == step, "a pasted text has no target"


def test_a_command_is_never_cut() -> None:
    target = f"mail.test --set tls.ca_file=/{'x' * 300}"
    assert fill("smtpcheck probe {target}", {"target": target}) == f"smtpcheck probe {target}"


def test_a_port_that_is_not_known_is_the_port() -> None:
    words = "it answers that port {server.port} is closed"
    assert fill(words, {}) == "it answers that the port is closed"
    assert fill(words, {"server.port": 25}) == "it answers that port 25 is closed"
