"""The mail transaction: MAIL, RCPT, DATA, the message, RSET, QUIT (RFC 5321, RFC 2920)."""

from __future__ import annotations

from smtpcheck.model.message import Dsn
from smtpcheck.model.reply import Heard, Reply
from smtpcheck.model.value import dataclass
from smtpcheck.wire.command import Dialogue, Say, command, listen
from smtpcheck.wire.dsn import rcpt_parameters
from smtpcheck.wire.lines import canonical
from smtpcheck.wire.reply_parser import sound

CHUNK = 1 << 20
"""Octets of one BDAT."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom, in the form in which the server is to see it."""

    sender: str
    """Empty: the null reverse-path."""
    recipients: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    """Of MAIL: `SIZE=812`, `BODY=8BITMIME`, `SMTPUTF8`."""
    dsn: Dsn | None = None
    """Notifications to ask for at RCPT; only where the server offers DSN."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What the server answered; None for what was never said."""

    mail: Heard
    recipients: tuple[Heard, ...] = ()
    last: Heard | None = None
    """The answer to DATA, or to RSET where nothing is to be sent."""

    @property
    def accepted(self) -> tuple[int, ...]:
        """Which recipients were accepted, by position."""
        return tuple(n for n, heard in enumerate(self.recipients) if agreed(heard))


def agreed(heard: Heard | None) -> bool:
    """Whether the answer is a 2yz that can be believed."""
    return isinstance(heard, Reply) and heard.positive and sound(heard)


def go_ahead(heard: Heard | None) -> bool:
    """Whether the answer is the 354 to DATA."""
    return isinstance(heard, Reply) and heard.code == 354 and sound(heard)


def mail_from(envelope: Envelope) -> Say:
    """MAIL with its parameters."""
    return command("MAIL", f"FROM:<{envelope.sender}>", *envelope.parameters)


def rcpt_to(recipient: str, dsn: Dsn | None = None) -> Say:
    """RCPT."""
    parameters = rcpt_parameters(dsn, recipient) if dsn else ()
    return command("RCPT", f"TO:<{recipient}>", *parameters)


def transaction(
    envelope: Envelope, *, pipelining: bool, deliver: bool, bdat: bool = False
) -> Dialogue[Transaction]:
    """Up to DATA, or up to RSET where no message is to go out; up to the last RCPT where it goes
    by BDAT.

    With PIPELINING it is one group, DATA or RSET last in it (RFC 2920 section 3.1).
    """
    last = () if bdat else (command("DATA" if deliver else "RSET"),)
    recipients = tuple(rcpt_to(each, envelope.dsn) for each in envelope.recipients)
    if pipelining:
        mail, *rest = yield (mail_from(envelope), *recipients, *last)
        count = len(recipients)
        return Transaction(mail, tuple(rest[:count]), rest[count] if last else None)
    (mail,) = yield (mail_from(envelope),)
    if not agreed(mail):
        return Transaction(mail)
    heard = []
    for say in recipients:
        (answer,) = yield (say,)
        heard.append(answer)
        if not isinstance(answer, Reply):
            return Transaction(mail, tuple(heard))
    if not last or (deliver and not any(agreed(each) for each in heard)):
        return Transaction(mail, tuple(heard))
    (closing,) = yield last
    return Transaction(mail, tuple(heard), closing)


def content(message: bytes) -> Say:
    """The message and its final dot."""
    body = stuffed(message)
    return Say("MESSAGE", f"(message of {len(message)} bytes, final dot)", body + b".\r\n")


def empty_content() -> Say:
    """The dot alone: what RFC 2920 section 3.1 asks for when DATA was accepted without any
    recipient."""
    return Say("MESSAGE", ".", b".\r\n")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the server answered to the message."""

    verdicts: tuple[Heard, ...]
    """One, or with LMTP one for each recipient that was accepted."""
    parting: Heard | None
    """The answer to QUIT, where it left with the message."""
    whole: bool = True
    """Whether all of the message was said; not where a chunk before the last was refused."""


def delivery(message: bytes, *, pipelining: bool, verdicts: int = 1) -> Dialogue[Delivered]:
    """The message, and QUIT behind it where the server pipelines. `verdicts`: how many answers
    the message gets, with LMTP one for each recipient that was accepted (RFC 2033 section 4.2)."""
    return (yield from _ending(content(message), pipelining=pipelining, verdicts=verdicts))


def chunked_delivery(message: bytes, *, pipelining: bool, verdicts: int = 1) -> Dialogue[Delivered]:
    """The same by BDAT, octets as they are, no dot doubled (RFC 3030 section 2). A chunk waits for
    the answer to the one before: behind one that is refused no more of the message leaves."""
    message = canonical(message)
    last = max(0, len(message) - 1) // CHUNK * CHUNK
    for at in range(0, last, CHUNK):
        (heard,) = yield (_bdat(message, at),)
        if not agreed(heard):
            return Delivered((heard,) * verdicts, None, whole=False)
    return (yield from _ending(_bdat(message, last), pipelining=pipelining, verdicts=verdicts))


def _ending(say: Say, *, pipelining: bool, verdicts: int) -> Dialogue[Delivered]:
    says = (say, *(listen("MESSAGE") for _ in range(verdicts - 1)))
    if pipelining:
        *told, parting = yield (*says, command("QUIT"))
        return Delivered(tuple(told), parting)
    heard = yield says
    return Delivered(heard, None)


def _bdat(message: bytes, at: int) -> Say:
    chunk = message[at : at + CHUNK]
    line = f"BDAT {len(chunk)}{' LAST' if at + CHUNK >= len(message) else ''}"
    return Say(
        "MESSAGE",
        f"{line} (and as many bytes)",
        line.encode() + b"\r\n" + chunk,
        before=at,
        total=len(message),
    )


def stuffed(message: bytes) -> bytes:
    """The message for the wire: every line ends in CRLF, no bare CR, LF or NUL is left, leading
    dots are doubled (RFC 5321 sections 2.3.8 and 4.5.2)."""
    text = canonical(message).replace(b"\r\n.", b"\r\n..")
    return b"." + text if text.startswith(b".") else text
