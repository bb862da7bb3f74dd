"""Which command a reply answers, as a text shows it."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.pasted.conversation import Conversation, conversation_of
from smtpcheck.diagnosis.pasted.lines import lines_of
from smtpcheck.diagnosis.pasted.said import said_in


def conversation(text: str) -> Conversation:
    lines = lines_of(text)
    return conversation_of(lines, said_in(lines))


def test_a_transcript_gives_each_reply_its_command() -> None:
    made = conversation(
        "S: 220 mx.example.com ESMTP\nC: EHLO me\nS: 250-mx.example.com\nS: 250 AUTH PLAIN LOGIN\n"
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: eHh4\nS: 535 5.7.8 no\nC: QUIT\nS: 221 bye"
    )
    assert [each.command for each in made.replies] == ["CONNECT", "EHLO", "AUTH", "AUTH", "QUIT"]
    assert made.commands == ["EHLO", "AUTH", "QUIT"]
    assert (made.mechanism, made.mechanisms) == ("LOGIN", ["PLAIN", "LOGIN"])
    assert made.greeting == "mx.example.com ESMTP"
    assert made.finished


def test_pipelined_commands_are_answered_in_order() -> None:
    made = conversation(
        "> MAIL FROM:<a@example.com>\n> RCPT TO:<b@example.com>\n> DATA\n"
        "< 250 ok\n< 550 5.1.1 unknown\n< 554 5.5.1 no valid recipients"
    )
    assert [each.command for each in made.replies] == ["MAIL", "RCPT", "DATA"]


def test_the_end_of_data_is_answered_as_the_message() -> None:
    made = conversation("C: DATA\nS: 354 go\nC: .\nS: 250 2.0.0 Ok: queued as 4F1\n")
    assert [each.command for each in made.replies] == ["DATA", "MESSAGE"]
    assert made.accepted


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("said: 550 5.1.1 no (in reply to RCPT TO command)", "RCPT"),
        ("said: 550 5.7.1 no (in reply to end of DATA command)", "MESSAGE"),
        ("refused to talk to me: 554 5.7.1 no", "CONNECT"),
        ("Error: Invalid login: 534 5.7.9 no", "AUTH"),
        ("smtplib.SMTPSenderRefused: (530, b'5.7.0 no', 'a@example.com')", "MAIL"),
        ("smtplib.SMTPDataError: (550, b'5.7.1 no')", "MESSAGE"),
        ("NOQUEUE: reject: RCPT from mx[192.0.2.1]: 450 4.7.1 no", "RCPT"),
        ("550 5.1.1 no", ""),
        ("535 5.7.8 no", "AUTH"),
    ],
)
def test_a_sentence_names_the_command(text: str, command: str) -> None:
    [said] = conversation(text).replies
    assert said.command == command


def test_the_name_of_a_command_in_a_sentence_is_no_command() -> None:
    assert conversation("STARTTLS command failed\nAUTH not supported\ndata: 5").commands == []
