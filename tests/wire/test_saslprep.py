"""SASLprep: the examples of RFC 4013 section 3, and what it prohibits."""

from __future__ import annotations

import pytest

from smtpcheck.wire.saslprep import saslprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("pässwörd", "pässwörd"),
        ("\u0627\u0628", "\u0627\u0628"),
        ("", ""),
    ],
)
def test_the_examples_of_the_rfc(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize("text", ["\x07", "\u06271", "a\u0627", "x\ue000", "\u0221", "\ud800"])
def test_what_is_prohibited_is_an_error_that_shows_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="SASLprep") as caught:
        saslprep(f"{text}")
    assert text not in str(caught.value)
