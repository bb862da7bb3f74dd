"""The test message as bytes (RFC 5322), correct in every header that servers check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from smtpcheck import __version__
from smtpcheck.model.message import Mailbox, MessageSpec
from smtpcheck.model.value import dataclass
from smtpcheck.wire.header_field import address_field, exact_field, mailboxes, text_field
from smtpcheck.wire.html_text import text_of_html
from smtpcheck.wire.mime import Part, file_part, joined, text_part

MARK = "X-Smtpcheck"
"""The header by which a test message is found again."""
FIELD_NAME = re.compile(r"[!-9;-~]+\Z")
"""RFC 5322 section 3.6.8."""
ADDRESS_FIELDS = frozenset(
    ("to", "cc", "sender", "resent-from", "resent-sender", "resent-to", "resent-cc")
)
"""Fields of addresses, of those that may be given; in lower case."""
EXACT_FIELDS = frozenset(
    (
        *("date", "message-id", "in-reply-to", "references", "auto-submitted", "received"),
        *("resent-date", "resent-message-id", "list-id", "list-unsubscribe"),
        *("list-unsubscribe-post", "precedence", "importance", "priority", "x-priority"),
    )
)
"""Fields with a grammar of their own, in which no word may be encoded; in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything that a message needs besides its words."""

    sender: str
    """The address in From."""
    sender_name: str
    recipients: tuple[str, ...]
    reply_to: str
    reply_to_name: str = ""
    handed_in_by: str = ""
    """The address in Sender, where another than the author hands the message in."""
    message_id: str
    """With its angle brackets."""
    at: datetime
    server: str
    """Where it is handed in, in words for the reader."""
    charset: str = "utf-8"
    eight_bit: bool = False
    """8BITMIME is in use: text may go as it is (RFC 6152)."""
    turn: str = ""
    """`2 of 5`, where it is one of several."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A message, ready to be sent."""

    message: bytes
    encodings: tuple[str, ...]
    """How text, HTML and attachments are encoded, in this order."""


def compose(spec: MessageSpec, letter: Letter) -> Composed:
    """The message with CRLF line ends and no line above 998 octets; 7-bit clean unless 8BITMIME is
    in use or an address is not ASCII (RFC 6532). Raises ValueError for what a header field or the
    character set cannot hold, LookupError for a character set that is not known."""
    parts = _parts(spec, letter)
    body = _body(parts, has_html=spec.html is not None)
    given = {name.lower() for name, _ in spec.headers}
    fields = [made for name, made in _fields(spec, letter) if name.lower() not in given]
    fields += [field(name, text, letter.charset) for name, text in spec.headers]
    message = b"".join((*fields, b"MIME-Version: 1.0\r\n", body.head, b"\r\n", body.body))
    return Composed(message, tuple(part.encoding for part in parts))


def field(name: str, text: str, charset: str) -> bytes:
    """A field of the user's. Raises ValueError for what it cannot hold."""
    if not FIELD_NAME.match(name):
        raise ValueError(f"{name!r} is not the name of a header field")
    if name.lower() in ADDRESS_FIELDS:
        return address_field(name, mailboxes(name, text), charset)
    if name.lower() in EXACT_FIELDS:
        return exact_field(name, text)
    return text_field(name, text, charset)


def _fields(spec: MessageSpec, letter: Letter) -> Iterator[tuple[str, bytes]]:
    from email.utils import format_datetime

    def addresses(name: str, *boxes: Mailbox) -> tuple[str, bytes]:
        return name, address_field(name, boxes, letter.charset)

    yield "Date", exact_field("Date", format_datetime(letter.at))
    yield "Message-ID", exact_field("Message-ID", letter.message_id)
    yield addresses("From", Mailbox(letter.sender, letter.sender_name))
    if letter.handed_in_by:
        yield addresses("Sender", Mailbox(letter.handed_in_by))
    yield addresses("To", *map(Mailbox, letter.recipients))
    if letter.reply_to:
        yield addresses("Reply-To", Mailbox(letter.reply_to, letter.reply_to_name))
    yield "Subject", text_field("Subject", _subject(spec, letter), letter.charset)
    # RFC 3834: nobody shall answer it by machine.
    yield "Auto-Submitted", exact_field("Auto-Submitted", "auto-generated")
    yield MARK, exact_field(MARK, f"{__version__}; {letter.message_id.strip('<>')}")


def _subject(spec: MessageSpec, letter: Letter) -> str:
    if spec.subject:
        return spec.subject
    turn = f" ({letter.turn})" if letter.turn else ""
    return f"smtpcheck test message through {letter.server}{turn}"


def _body(parts: Sequence[Part], *, has_html: bool) -> Part:
    words, *files = parts
    if has_html:
        html, *files = files
        words = joined("alternative", [words, html])
    return joined("mixed", [words, *files]) if files else words


def _parts(spec: MessageSpec, letter: Letter) -> list[Part]:
    charset, eight_bit = letter.charset, letter.eight_bit
    parts = [text_part(_text(spec, letter), "plain", charset, eight_bit=eight_bit)]
    if spec.html is not None:
        parts.append(text_part(spec.html, "html", charset, eight_bit=eight_bit))
    return parts + [file_part(each, eight_bit=eight_bit) for each in spec.attachments]


def _text(spec: MessageSpec, letter: Letter) -> str:
    if spec.body is not None:
        return spec.body
    return _words(letter) if spec.html is None else text_of_html(spec.html)


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
