"""What is taken off a line before it is read, and what must stay."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.pasted.lines import MOST_LINES, lines_of, without_prefix

WORDS = "connect to mail.example.com: Connection refused"


@pytest.mark.parametrize(
    "prefix",
    [
        "Jan  2 07:31:13 host postfix/smtp[1050192]: ",
        "2024-01-03 11:36:41 ",
        "[2024-01-03 11:36:41] ",
        "2022-05-31T04:56:33.914+00:00 ",
        "2018-01-24 20:07:12\t",
        "03/Feb/2024:10:11:12 +0000 ",
        "smtp_1       | ",
        "mail-relay-1  | 2024-11-10 00:50:14+00:00 ",
        "[2024-01-03 11:36:41] ERROR ",
        "ERROR: ",
        "2023/10/07 16:27:16 ERROR: ",
        "[smtp.1:8397] ",
        "Mon Jan  5 10:11:12 2026 ",
        "11:46:09 ",
    ],
)
def test_what_a_logger_puts_in_front_is_taken_off(prefix: str) -> None:
    assert without_prefix(prefix + WORDS) == WORDS


@pytest.mark.parametrize(
    "line",
    [
        "[503] 'bad sequence of commands'",
        "250 ok",
        "535-5.7.8 Username and Password not accepted",
        "> MAIL FROM:<a@example.com>",
        "[<-] 334 VXNlcm5hbWU6",
        "[Error: Greeting never received] code: 'ETIMEDOUT'",
    ],
)
def test_a_reply_a_mark_and_a_sentence_in_brackets_stay(line: str) -> None:
    assert without_prefix(line) == line


@pytest.mark.parametrize(
    ("raw", "texts"),
    [
        (r"535 5.7.8 no\n535 5.7.8 see", ["535 5.7.8 no", "535 5.7.8 see"]),
        (r'{"response": "550 no\r\n"}', ['{"response": "550 no', '"}']),
        (
            r"at C:\projects\node_modules\nodemailer\lib",
            [r"at C:\projects\node_modules\nodemailer\lib"],
        ),
        ("550 &lt;a@example.com&gt; unknown<br/>", ["550 <a@example.com> unknown"]),
        ("\x1b[31m550 no\x1b[0m", ["550 no"]),
        (r"b'\xe6\x8e\x88\xe6\x9d\x83'", ["b'\u6388\u6743'"]),
        (r"b'\xca\xda\xc8\xa8\xc2\xeb'", ["b'\u6388\u6743\u7801'"]),
    ],
)
def test_escapes_are_read_as_what_they_stand_for(raw: str, texts: list[str]) -> None:
    assert [line.text for line in lines_of(raw)] == texts


def test_lines_keep_their_number_and_their_raw_form() -> None:
    lines = lines_of("one\n\n  2024-01-03 11:36:41 ERROR three  \n")
    assert [(line.number, line.text) for line in lines] == [(1, "one"), (3, "three")]
    assert lines[1].raw == "  2024-01-03 11:36:41 ERROR three"


def test_no_text_is_too_long() -> None:
    assert len(lines_of("x\n" * 100_000)) <= MOST_LINES
    assert len(lines_of("y" * 1_000_000)[0].text) < 10_000
