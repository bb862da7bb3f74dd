"""The test message as bytes (RFC 5322), correct in every header that servers check."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from smtpcheck import __version__
from smtpcheck.model.message import MessageSpec
from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from email.headerregistry import Address

MARK = "X-Smtpcheck"
"""The header by which a test message is found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything that a message needs besides its words."""

    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    reply_to: str
    message_id: str
    """With its angle brackets."""
    at: datetime
    server: str
    """Where it is handed in, in words for the reader."""
    charset: str = "utf-8"
    utf8_headers: bool = False
    """SMTPUTF8 is in use: header fields may be UTF-8 (RFC 6532)."""


def compose(spec: MessageSpec, letter: Letter) -> bytes:
    """The message with CRLF line ends and no line above 998 octets. 7-bit clean unless
    SMTPUTF8 is in use. Raises ValueError where a header field cannot hold what it was given."""
    from email.message import EmailMessage
    from email.policy import SMTP, SMTPUTF8
    from email.utils import format_datetime

    message = EmailMessage(SMTPUTF8 if letter.utf8_headers else SMTP)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = letter.message_id
    message["From"] = _address(spec.from_address or letter.sender, letter.sender_name)
    message["To"] = tuple(_address(each) for each in letter.recipients)
    reply_to = spec.reply_to or letter.reply_to
    if reply_to:
        message["Reply-To"] = _address(reply_to)
    message["Subject"] = spec.subject or f"smtpcheck test message through {letter.server}"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody shall answer it by machine
    message[MARK] = f"{__version__}; {letter.message_id.strip('<>')}"
    body = spec.body if spec.body is not None else _words(letter)
    message.set_content(body, charset=letter.charset, cte=_encoding(body, letter.charset))
    return message.as_bytes()


def _address(address: str, name: str = "") -> Address:
    """For a header. The library takes a local part that is not ASCII (RFC 6531) only by itself."""
    from email.headerregistry import Address

    if address.isascii():
        return Address(name, addr_spec=address)
    local, _, domain = address.rpartition("@")
    return Address(name, username=local, domain=domain)


def _encoding(body: str, charset: str) -> str:
    """7bit where that carries the text as it is, else an encoding that every path survives."""
    if charset.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        raise ValueError(f"{charset} cannot be used in the text of a mail (RFC 2781 section 3.2)")
    # A NUL or another control character would not arrive as it is.
    plain = all(" " <= c <= "~" or c in "\t\r\n" for c in body)
    plain = plain and all(len(line) <= 990 for line in body.splitlines())
    return "7bit" if plain else "quoted-printable"


def _words(letter: Letter) -> str:
    recipients = ", ".join(letter.recipients)
    return (
        "This is a test message. Nobody needs to answer it or do anything about it.\n"
        "\n"
        f"smtpcheck {__version__} sent it to find out whether mail leaves through\n"
        f"{letter.server}.\n"
        "\n"
        f"From:       {letter.sender}\n"
        f"To:         {recipients}\n"
        f"Handed in:  {letter.at:%Y-%m-%d %H:%M:%S %z}\n"
        f"Message-ID: {letter.message_id}\n"
        "\n"
        "If you did not expect it, somebody at the sending address checks a mail server's\n"
        "settings.\n"
    )
