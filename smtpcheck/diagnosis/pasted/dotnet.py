"""System.Net.Mail keeps the reply code to itself: it writes a sentence for the code, and behind it
what the server said. Here the sentence is read back into the code."""

from __future__ import annotations

import re
from typing import Final

_CODES: Final = {
    "service not available, closing transmission channel": 421,
    "mailbox unavailable": 550,
    "error in processing": 451,
    "insufficient system storage": 452,
    "client does not have permission to submit mail to this server": 454,
    "syntax error, command unrecognized": 500,
    "syntax error in parameters or arguments": 501,
    "command not implemented": 502,
    "bad sequence of commands": 503,
    "command parameter not implemented": 504,
    "the smtp server requires a secure connection or the client was not authenticated": 530,
    "user not local; please try a different path": 551,
    "exceeded storage allocation": 552,
    "mailbox name not allowed": 553,
    "transaction failed": 554,
}
"""The sentences of SmtpStatusCode, and the codes that they stand for."""
_ANSWER: Final = re.compile(
    r"(?P<sentence>" + "|".join(map(re.escape, _CODES)) + r")[.:\u3002\s]{0,6}"
    r"The server response was: {0,2}(?P<words>(?![2-5]\d\d[ -]).{0,2000})",
    re.IGNORECASE,
)
_ENHANCED: Final = re.compile(r"#?([45])\.\d{1,3}\.\d{1,3}\b")
_REPLY_WITHIN: Final = re.compile(r"\b[45]\d\d [45]\.\d{1,3}\.\d{1,3}\b")
_FOLDED: Final = re.compile(
    r"The([ \t]*\r?\n[ \t]*|[ \t]+)server([ \t]*\r?\n[ \t]*|[ \t]+)response"
    r"([ \t]*\r?\n[ \t]*|[ \t]+)was: ?([^\r\n]*)"
)


def answer_in(line: str) -> tuple[int, str] | None:
    """The reply code and the server's words of such a line; None for another one, and where the
    words quote a whole reply themselves. The code is 0 where the enhanced status code is of another
    class: mailbox unavailable stands for 450 too. The words may be empty."""
    found = _ANSWER.search(line)
    if not found or _REPLY_WITHIN.search(found["words"]):
        return None
    code = _CODES[found["sentence"].lower()]
    enhanced = _ENHANCED.match(found["words"])
    if enhanced and enhanced[1] != str(code)[0]:
        code = 0
    return code, found["words"]


def unfolded(text: str) -> str:
    """The text with the words before the answer on one line, where a terminal broke them; the
    number of lines stays."""
    return _FOLDED.sub(_on_one_line, text)


def _on_one_line(found: re.Match[str]) -> str:
    feeds = "\n" * sum("\n" in gap for gap in found.groups()[:3])
    return f"The server response was: {found[4]}{feeds}"
