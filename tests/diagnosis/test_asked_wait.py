"""How long a server asks to wait, in its own words."""

from __future__ import annotations

import time

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.asked_wait import asked_wait


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Recipient address rejected: Greylisted for 300 seconds (see http://a.test/help)", 300),
        ("Recipient address rejected: Greylisted for 5 minutes. Try again later.", 300),
        ("Please come back in 00:05:00", 300),
        ("Greylisting in action, please come back in 01:02:03", 3723),
        ("Greylisting in effect, please try again in 5 minutes", 300),
        ("Greylisted, please try again in 60 seconds", 60),
        ("greylisted, 42 seconds remaining", 42),
        ("Too many messages; please retry after 60s", 60),
        ("retry timeout is 300 seconds", 300),
        ("Try again in 3 minute(s)", 180),
        ("Please wait at least a minute before the next try", 60),
        ("try again in 1 hour and 30 minutes", 5400),
        ("wait 5m30s", 330),
        ("try again in half an hour", 1800),
        ("try again in a few minutes", 300),
        ("Relay quota will reset in 1.21 hours.", 4356),
        ("GREYLISTED FOR 10 MINUTES", 600),
    ],
)
def test_a_time_is_read_in_every_dialect(text: str, seconds: float) -> None:
    assert asked_wait(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Greylisting in action, please come back later",
        "Try again later",
        "try again later: more than 20 messages in 60 minutes",
        "too many connections in 60 seconds, try again later",
        "timeout exceeded after 300 seconds",
        "try again after 5 messages",
        "come back after 12:05:00 UTC",
        "try again in a few moments",
        "wait: 5 errors in 10 minutes are too many",
        "user@5m.example.com is over quota",
    ],
)
def test_what_is_no_time_to_wait_is_not_taken_for_one(text: str) -> None:
    assert asked_wait(text) is None


def test_of_the_catalogue_s_replies_only_those_that_name_a_time_to_wait_are_read() -> None:
    rules = [rule for cause in load_catalog().causes.values() for rule in cause.rules]
    texts = [example.text for rule in rules for example in rule.examples if example.text]
    named = {text: seconds for text in texts if (seconds := asked_wait(text)) is not None}
    assert named == {
        "451 4.7.1 Please come back in 00:05:00": 300,
        "451 4.7.1 Please try again in 5 minutes": 300,
        next(text for text in texts if "Relay quota will reset" in text): 1.21 * 3600,
    }


@pytest.mark.parametrize("text", ["again in " * 50_000, "wait a " * 50_000, "try 1 m " * 50_000])
def test_a_hostile_text_is_read_up_to_a_bound(text: str) -> None:
    began = time.process_time()
    asked_wait(text)
    assert time.process_time() - began < 1
