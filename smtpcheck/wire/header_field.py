"""Header fields as bytes: folded, and encoded where they are not ASCII (RFC 5322, RFC 2047)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from email.charset import SHORTEST, Charset
from email.header import Header
from email.utils import getaddresses, quote

from smtpcheck.model.message import Mailbox
from smtpcheck.wire.address import envelope_address
from smtpcheck.wire.charset import encoded, mime_name

LINE = 998
"""Octets of a line at most, without its end (RFC 5322 section 2.1.1)."""
_FOLD = 76
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u2028\u2029]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")


def text_field(name: str, text: str, charset: str = "utf-8") -> bytes:
    """A field of words, such as Subject, in this character set. Raises ValueError for what it does
    not have, and for a control character."""
    _must_be_one_line(name, text)
    if _survives(text):
        made = _folded(name, text, None)
        if _fits(made):
            return made
    encoded(text, charset, f"the field {name}")
    return _folded(name, text, charset)


def exact_field(name: str, text: str) -> bytes:
    """A field with a grammar of its own, such as Message-ID: never encoded, folded at its blanks.
    Raises ValueError for what cannot stand there."""
    _must_be_one_line(name, text)
    if not text.isascii():
        raise ValueError(f"the field {name} may hold ASCII only")
    made = _folded(name, text, None)
    if not _fits(made):
        raise ValueError(f"a word of the field {name} is longer than a line may be ({LINE} octets)")
    return made


def address_field(name: str, boxes: Sequence[Mailbox], charset: str = "utf-8") -> bytes:
    """A field of addresses, each on a line of its own. An address outside ASCII stays as it is
    (RFC 6532); a name that the character set does not have is written in UTF-8. Raises ValueError
    for a control character."""
    for box in boxes:
        _must_be_one_line(name, box.name + box.address)
    told = ",\r\n ".join(_mailbox(box, charset) for box in boxes)
    return f"{name}: {told}\r\n".encode()


def mailboxes(name: str, text: str) -> tuple[Mailbox, ...]:
    """The addresses of a field as somebody typed it, `Ada <a@x.example>, b@x.example`, their
    domains in ASCII form. Raises ValueError where that is no list of addresses."""
    found = [Mailbox(address, shown) for shown, address in getaddresses([text])]
    for box in found or [Mailbox("")]:
        local, _, domain = box.address.rpartition("@")
        if not (local and domain) or re.search(r'[\s<>,;:"]', box.address):
            raise ValueError(
                f"the field {name} wants mail addresses, and {text!r} is no list of them"
            )
    return tuple(Mailbox(envelope_address(box.address), box.name) for box in found)


def _must_be_one_line(name: str, text: str) -> None:
    if _CONTROL.search(text):
        raise ValueError(f"the field {name} holds a line break or another control character")


def _survives(text: str) -> bool:
    """Whether it comes back as it is when it is not encoded: ASCII, no blank that folding could
    swallow, nothing that looks encoded."""
    return text.isascii() and text == " ".join(text.split()) and "=?" not in text


def _folded(name: str, text: str, charset: str | None) -> bytes:
    kind = _charset(charset) if charset else None
    made = Header(text, kind, maxlinelen=_FOLD, header_name=name).encode(linesep="\r\n")
    return f"{name}: {made}\r\n".encode()


def _charset(name: str) -> Charset:
    """The character set itself. The library would write Japanese in another, and choose by the
    name between quoted-printable and base64; it writes the name of the codec into the field."""
    label = mime_name(name)
    made = Charset(label)
    made.input_codec = made.output_codec = made.output_charset = label if _known(label) else name
    made.header_encoding = SHORTEST
    return made


def _known(label: str) -> bool:
    try:
        codecs.lookup(label)
    except LookupError:
        return False
    return True


def _fits(field: bytes) -> bool:
    return all(len(line) <= LINE for line in field.split(b"\r\n"))


def _mailbox(box: Mailbox, charset: str) -> str:
    if not box.name:
        return box.address
    if box.name.isascii() and "=?" not in box.name and len(box.name) < LINE // 2:
        shown = box.name if _ATOMS.match(box.name) else f'"{quote(box.name)}"'
        return f"{shown}\r\n <{box.address}>" if len(shown) > _FOLD else f"{shown} <{box.address}>"
    try:
        encoded(box.name, charset, "the name")
    except ValueError:
        charset = "utf-8"
    words = Header(box.name, _charset(charset), maxlinelen=_FOLD, header_name="").encode(
        linesep="\r\n"
    )
    return f"{words}\r\n <{box.address}>"
