"""The mail transaction: MAIL, RCPT, DATA, the message, RSET, QUIT (RFC 5321, RFC 2920)."""

from __future__ import annotations

from smtpcheck.model.reply import Heard, Reply
from smtpcheck.model.value import dataclass
from smtpcheck.wire.command import Dialogue, Say, command, listen
from smtpcheck.wire.reply_parser import sound


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom, in the form in which the server is to see it."""

    sender: str
    """Empty: the null reverse-path."""
    recipients: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    """Of MAIL: `SIZE=812`, `BODY=8BITMIME`, `SMTPUTF8`."""


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


def rcpt_to(recipient: str) -> Say:
    """RCPT."""
    return command("RCPT", f"TO:<{recipient}>")


def transaction(envelope: Envelope, *, pipelining: bool, deliver: bool) -> Dialogue[Transaction]:
    """Up to DATA, or up to RSET where no message is to go out.

    With PIPELINING it is one group, DATA or RSET last in it (RFC 2920 section 3.1).
    """
    last = command("DATA" if deliver else "RSET")
    recipients = tuple(rcpt_to(each) for each in envelope.recipients)
    if pipelining:
        mail, *rest = yield (mail_from(envelope), *recipients, last)
        return Transaction(mail, tuple(rest[:-1]), rest[-1])
    (mail,) = yield (mail_from(envelope),)
    if not agreed(mail):
        return Transaction(mail)
    heard = []
    for say in recipients:
        (answer,) = yield (say,)
        heard.append(answer)
        if not isinstance(answer, Reply):
            return Transaction(mail, tuple(heard))
    if deliver and not any(agreed(each) for each in heard):
        return Transaction(mail, tuple(heard))
    (closing,) = yield (last,)
    return Transaction(mail, tuple(heard), closing)


def content(message: bytes) -> Say:
    """The message and its final dot."""
    body = stuffed(message)
    return Say("MESSAGE", f"(message of {len(message)} bytes, final dot)", body + b".\r\n")


def empty_content() -> Say:
    """The dot alone: what RFC 2920 section 3.1 asks for when DATA was accepted without any
    recipient."""
    return Say("MESSAGE", ".", b".\r\n")


def delivery(
    message: bytes, *, pipelining: bool, verdicts: int = 1
) -> Dialogue[tuple[tuple[Heard, ...], Heard | None]]:
    """The message, and QUIT behind it where the server pipelines; the answers, None for what was
    not said. `verdicts`: how many answers the message gets, with LMTP one for each recipient that
    was accepted (RFC 2033 section 4.2)."""
    says = (content(message), *(listen("MESSAGE") for _ in range(verdicts - 1)))
    if pipelining:
        *accepted, parting = yield (*says, command("QUIT"))
        return tuple(accepted), parting
    heard = yield says
    return heard, None


def stuffed(message: bytes) -> bytes:
    """The message for the wire: every line ends in CRLF, no bare CR, LF or NUL is left, leading
    dots are doubled (RFC 5321 sections 2.3.8 and 4.5.2)."""
    text = message.replace(b"\0", b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = text.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)
