"""System.Net.Mail's sentences for reply codes."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.pasted.dotnet import answer_in, unfolded
from smtpcheck.diagnosis.pasted.failures import read_text


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("Mailbox unavailable. The server response was: 5.7.1 no", (550, "5.7.1 no")),
        ("Mailbox unavailable. The server response was: 4.2.1 no", (0, "4.2.1 no")),
        ("Transaction failed. The server response was: ", (554, "")),
        ("Mailbox name not allowed. The server response was: no", (553, "no")),
        (
            (
                "Client does not have permission to submit mail to this server. "
                "The server response was: 5.7.60 SMTP; no"
            ),
            (0, "5.7.60 SMTP; no"),
        ),
        ("Transaction failed. The server response was: 554 5.7.1 no", None),
        (
            "Mailbox unavailable. The server response was: 5.7.57 no. Error: 535 5.7.3 no",
            None,
        ),
        ("Failure sending mail.", None),
    ],
)
def test_the_sentence_is_read_back_into_the_code(line: str, answer: object) -> None:
    assert answer_in(line) == answer


def test_a_sentence_that_a_terminal_broke_is_one_line_and_no_line_is_lost() -> None:
    text = 'failed: "Transaction failed. The server\nresponse was: 5.7.1 no"\nat line 2'
    shown = unfolded(text)
    assert shown.split("\n")[0].endswith('The server response was: 5.7.1 no"')
    assert len(shown.split("\n")) == len(text.split("\n"))


@pytest.mark.parametrize(
    "line",
    [
        "Boîte aux lettres non disponible. La réponse du serveur était : 5.7.1 Unable to relay",
        "邮箱不可用。 服务器响应为:5.7.1 Unable to relay",
        "Mailbox unavailable. The server response was: 5.7.1 Unable to relay",
    ],
)
def test_the_reply_is_found_in_every_language(line: str) -> None:
    said = read_text(line).conversation.replies
    assert [(each.code, each.enhanced, each.text) for each in said] == [
        (550, "5.7.1", "Unable to relay")
    ]
