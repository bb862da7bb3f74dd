"""What a text is where no failure of SMTP shows: another protocol, a success, too little."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from smtpcheck.diagnosis.pasted.reading import Reading
from smtpcheck.model.value import dataclass

_SUCCESS: Final = re.compile(
    (
        r"status=sent|(?<!n't )(?<!n\u2019t )(?<!not )(?<!be )delivered to |"
        r"message (?:was )?(?:successfully )?sent\b|"
        r"sent successfully|mail sent|queued as|Message accepted|250 2\.0\.0 (?:Ok|Message)|"
        r"stat=Sent|=> \S+@\S+ R="
    ),
    re.IGNORECASE,
)
_END: Final = re.compile(r"[.)\]\"'`>;!?}/,:*]\s*$|gsmtp\s*$|\b\d+\s*$")
_CUT: Final = re.compile(
    r"(?:\.\.\.|\u2026|\[truncated\]|\[\.\.\.\]|<snip>|\[snip\])\s*$", re.MULTILINE | re.IGNORECASE
)


class Kind(StrEnum):
    """What a text is about."""

    FAILURE = "failure"
    SUCCESS = "success"
    OTHER_PROTOCOL = "other-protocol"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Nature:
    """What a text is, and what to fetch where it does not say enough."""

    kind: Kind
    says: str
    fetch: tuple[str, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether the text is no failure of SMTP, whatever its words."""
        return self.kind in (Kind.SUCCESS, Kind.OTHER_PROTOCOL)


_OTHERS: Final = {
    "imap": "this is IMAP: it reads mail, and sends none",
    "pop3": "this is POP3: it reads mail, and sends none",
    "http": "this is an HTTP interface of a provider, not SMTP",
    "other": "this is another program's connection, not SMTP",
}


def nature_of(reading: Reading) -> Nature:
    """What the text is about, before any rule is asked."""
    greeted = any("protocol" in failure.facts for failure in reading.failures)
    if reading.other and not greeted and not _refused_in_smtp(reading):
        return Nature(Kind.OTHER_PROTOCOL, _OTHERS[reading.other])
    if _ended_well(reading):
        return Nature(Kind.SUCCESS, "the text shows no failure: what it tells of went well")
    return Nature(Kind.UNCLEAR, "the text names no failure that is known here", _fetch(reading))


def completeness(text: str, reading: Reading) -> bool:
    """Whether the text is whole: not cut off in the middle of what decides, and in order."""
    if _CUT.search(text) or not _END.search(text.rstrip()):
        return False
    return _in_order(reading)


def _refused_in_smtp(reading: Reading) -> bool:
    replies = [each for each in reading.conversation.replies if each.refuses]
    return any(each.enhanced and each.code for each in replies) or bool(
        reading.conversation.commands
    )


def _ended_well(reading: Reading) -> bool:
    """The last thing that counts is a success, or nothing was refused in a whole conversation."""
    conversation = reading.conversation
    strong = [each for each in reading.failures if each.tier < 2]
    last_bad = max((each.number for each in strong), default=0)
    last_good = max(
        [line.number for line in reading.lines if _SUCCESS.search(line.text)]
        + [conversation.accepted_line],
    )
    if last_good > last_bad:
        return True
    if strong:
        return False
    good = [each for each in conversation.replies if not each.refuses]
    if conversation.finished and len(good) == len(conversation.replies):
        last = max(each.number for each in good)
        return conversation.accepted or not _complaint(reading, last)
    talk = bool(good) and not any(each.refuses for each in conversation.replies)
    return talk and not _complaint(reading)


def _complaint(reading: Reading, before: int | None = None) -> bool:
    """Whether a line speaks of a failure; one behind the line of this number does not count."""
    return any(
        re.search(
            r"(?i)error|fail|refus|reject|denied|unable|could not|cannot|exception|invalid|but got|"
            r"fehler|fehlgeschlagen|erreur|échou|errore|fallit|fall[oó]|erro\b|falh|ошибк|错误|失败",
            line.text,
        )
        for line in reading.lines
        if before is None or line.number <= before
    )


def _in_order(reading: Reading) -> bool:
    """Whether commands and replies stand as a session has them."""
    replies, commands = reading.conversation.replies, reading.conversation.commands
    if any(not each.enhanced and _STRAY.search(each.context) for each in replies if each.refuses):
        return False
    if not commands:
        return True
    whole = [each for each in replies if each.whole]
    late = any(each.code == 220 for each in whole[1:]) and "STARTTLS" not in commands
    order = [_RANK[each] for each in commands if each in _RANK]
    if "STARTTLS" in commands:
        order = [rank for rank in order if rank > _RANK["EHLO"]]
    return not late and not reading.conversation.astray and order == sorted(order)


_RANK: Final = {"EHLO": 1, "AUTH": 2, "MAIL": 3, "RCPT": 4, "DATA": 5, "QUIT": 6}
_STRAY: Final = re.compile(r"(?<![\w.])[45]\.\d\.\d{1,3}(?![\w.]*\d)")
"""An enhanced status code that does not stand behind its reply code."""


def _fetch(reading: Reading) -> tuple[str, ...]:
    """The commands that show what the text leaves out."""
    host = reading.place.host if reading.place.host and not reading.place.oddity else "HOST"
    port = reading.place.port or "PORT"
    probe = f"smtpcheck probe {host}:{port}"
    return (
        f"{probe}  (name the server and the port that the program uses)"
        if host == "HOST"
        else probe,
        _LOGS.get(
            reading.client,
            "the program's log from the connection to the failure, with the server's reply",
        ),
    )


_LOGS: Final = {
    "phpmailer": "$mail->SMTPDebug = 3; the whole output",
    "nodemailer": "createTransport({ ..., logger: true, debug: true }); the whole output",
    "python-smtplib": "server.set_debuglevel(1); the whole output",
    "python": "server.set_debuglevel(1); the whole output",
    "javamail": 'props.put("mail.debug", "true"); the whole output',
    "mailkit": 'new SmtpClient (new ProtocolLogger ("smtp.log")); that file',
    "ruby": "smtp.set_debug_output $stderr; the whole output",
    "postfix": "grep QUEUE-ID /var/log/mail.log, or: journalctl -u postfix | grep QUEUE-ID",
    "exim": "exigrep MESSAGE-ID /var/log/exim4/mainlog",
    "msmtp": "msmtp --debug; the whole output",
    "curl": "curl -v; the whole output",
}
