"""Messages in other languages: which they are, and what becomes of the line."""

from __future__ import annotations

import pytest

from smtpcheck.catalog.translation import load_phrases, phrases_in


def in_english(line: str) -> str:
    for phrase in phrases_in(line):
        line = phrase.put_into_english(line)
    return line


def test_each_phrase_stands_once_and_is_written_as_it_is_compared() -> None:
    words = [phrase.words for phrase in load_phrases()]
    assert sorted(set(words)) == sorted(words)
    for each in words:
        assert each == " ".join(each.lower().split())
        assert not set(each) & set("\u2018\u2019\u00b4`")


def test_no_phrase_is_so_short_that_it_may_be_anything() -> None:
    for phrase in load_phrases():
        assert len(phrase.words) > (8 if phrase.words.isascii() else 3), phrase.words


@pytest.mark.parametrize(
    ("line", "english"),
    [
        ("SMTP-Fehler: Authentifizierung fehlgeschlagen.", "SMTP Error: Could not authenticate.."),
        (
            "Erreur SMTP\u00a0: échec de l\u2019authentification",
            "SMTP Error: Could not authenticate.",
        ),
        (
            "Postfach nicht verfügbar. Die Serverantwort war: 5.7.1 no",
            "Mailbox unavailable.. The server response was: 5.7.1 no",
        ),
        (
            "由于目标计算机积极拒绝",
            "由于No connection could be made because the target machine actively refused it",
        ),
        ("Connection refused", "Connection refused"),
    ],
)
def test_a_known_message_is_put_into_english_where_it_stands(line: str, english: str) -> None:
    assert in_english(line) == english


def test_a_long_phrase_goes_before_a_short_one_within_it() -> None:
    lengths = [len(phrase.words) for phrase in load_phrases()]
    assert lengths == sorted(lengths, reverse=True)
