"""A reply as somebody wrote it down."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.reply_facts import facts_of_reply


@pytest.mark.parametrize(
    ("text", "code", "enhanced", "words"),
    [
        ("535 5.7.8 Bad login", 535, "5.7.8", "Bad login"),
        ("535 Bad login", 535, "", "Bad login"),
        ("535", 535, "", ""),
        ("535-5.7.8 Bad\n535 5.7.8 login", 535, "5.7.8", "Bad login"),
        ("  535-Bad\r\n  535 login  ", 535, "", "Bad login"),
        ("S: 535 5.7.8 Bad login", 535, "5.7.8", "Bad login"),
        ("<<< 535 5.7.8 Bad login", 535, "5.7.8", "Bad login"),
        ("<~* 535 5.7.8 Bad login", 535, "5.7.8", "Bad login"),
        ("b'535 5.7.8 Bad login'", 535, "5.7.8", "Bad login"),
        ('b"535 5.7.8 it\'s bad"', 535, "5.7.8", "it's bad"),
        ("535 5.7.8 say 'no'", 535, "5.7.8", "say 'no'"),
        ("(535, b'5.7.8 Bad\\n5.7.8 login')", 535, "5.7.8", "Bad login"),
        ("smtplib.SMTPDataError: (550, b'')", 550, "", ""),
        ("connection timed out", 0, "", "connection timed out"),
        ("5350 messages", 0, "", "5350 messages"),
        ("", 0, "", ""),
        ("550 5.1.1 Größe \udcff", 550, "5.1.1", "Größe \\udcff"),
    ],
)
def test_code_enhanced_status_and_words_are_read(
    text: str, code: int, enhanced: str, words: str
) -> None:
    facts = facts_of_reply(text)
    assert (facts["reply.code"], facts["reply.enhanced"], facts["reply.text"]) == (
        code,
        enhanced,
        words,
    )


def test_stage_and_command_follow_from_the_step() -> None:
    facts = facts_of_reply("535 no", step="auth.login")
    assert (facts["stage"], facts["reply.command"]) == ("auth", "AUTH")


def test_what_is_known_besides_wins() -> None:
    facts = facts_of_reply("535 no", stage="send", **{"reply.command": "MAIL"})
    assert (facts["stage"], facts["reply.command"]) == ("send", "MAIL")
