"""The body of a message: text, attachments, and how each is encoded on its way (RFC 2045, 2046)."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

from smtpcheck.model.message import Attachment
from smtpcheck.model.value import dataclass
from smtpcheck.wire.charset import encoded, mime_name
from smtpcheck.wire.header_field import LINE
from smtpcheck.wire.lines import canonical

# Besides what ends a line: what a path may change or refuse. ISO 2022 needs ESC, SO and SI.
_UNSAFE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNSAFE_2022 = re.compile(rb"[\x00-\x08\x0b\x0c\x10-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message, or the whole of it."""

    head: bytes
    """Its own header fields, Content-Type first."""
    body: bytes
    encoding: str
    """Content-Transfer-Encoding: `7bit`, `8bit`, `quoted-printable`, `base64`."""


def text_part(text: str, kind: str, charset: str, *, eight_bit: bool) -> Part:
    """Text of the type `text/kind`. Raises ValueError for what the character set does not have,
    LookupError where the character set is not known."""
    label = mime_name(charset)
    # Lines while they are characters: in some character sets half of one looks like a line end.
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if lines and not lines.endswith("\n"):
        lines += "\n"
    raw = encoded(
        lines.replace("\n", "\r\n"), charset, "the HTML" if kind == "html" else "the text"
    )
    encoding = _plain_encoding(raw, label)
    if not encoding or (encoding == "8bit" and not eight_bit):
        encoding, raw = _coded(raw)
    return Part(_head(f'text/{kind}; charset="{label}"', encoding), raw, encoding)


def file_part(file: Attachment, *, eight_bit: bool) -> Part:
    """An attachment, its octets as they are: text in which nothing has to be changed goes as it
    is, anything else as base64. A message within may not be base64 (RFC 2046 section 5.2.1): it
    gets the line ends of mail, and one that does not fit then is a file like any other."""
    kind, raw = file.type.lower(), file.content
    if kind.startswith("message/") and b"\0" not in raw:
        raw = canonical(raw)
    encoding = "base64"
    if kind.startswith(("text/", "message/")) and raw == canonical(raw):
        found = _plain_encoding(raw, "")
        encoding = found if found and (eight_bit or found == "7bit") else encoding
    if kind.startswith("message/") and encoding == "base64":
        kind, raw = "application/octet-stream", file.content
    if kind.startswith("text/"):
        kind += _charset_of(raw)
    body = _base64(raw) if encoding == "base64" else raw
    return Part(_head(kind, encoding, file.name), body, encoding)


def joined(kind: str, parts: Sequence[Part]) -> Part:
    """`multipart/kind` of these parts (RFC 2046 section 5.1.1)."""
    boundary = f"=_{os.urandom(12).hex()}"  # no encoding of ours ever writes "=_"
    while any(boundary.encode() in part.body for part in parts):
        boundary = f"=_{os.urandom(12).hex()}"
    line = f"--{boundary}".encode()
    pieces = [
        piece for part in parts for piece in (line, b"\r\n", part.head, b"\r\n", part.body, b"\r\n")
    ]
    encoding = "8bit" if any(part.encoding == "8bit" for part in parts) else "7bit"
    head = _head(f'multipart/{kind}; boundary="{boundary}"', encoding)
    return Part(head, b"".join([*pieces, line, b"--\r\n"]), encoding)


def _head(kind: str, encoding: str, filename: str = "") -> bytes:
    made = EmailMessage(SMTP)
    made["Content-Type"] = kind
    made["Content-Transfer-Encoding"] = encoding
    if filename:
        made.add_header("Content-Disposition", "attachment", filename=filename)
    # Written out as a whole, a multipart would get a body of the library's own.
    return b"".join(SMTP.fold_binary(name, value) for name, value in made.items())


def _plain_encoding(raw: bytes, label: str) -> str:
    """`7bit` or `8bit` where the octets can go as they are (RFC 2045 section 2), else nothing."""
    unsafe = _UNSAFE_2022 if label.startswith("iso-2022-") else _UNSAFE
    if unsafe.search(raw) or any(len(line) > LINE for line in raw.split(b"\r\n")):
        return ""
    return "7bit" if raw.isascii() else "8bit"


def _coded(raw: bytes) -> tuple[str, bytes]:
    """As quoted-printable, which can be read, or as base64 where that is much shorter."""
    quoted = binascii.b2a_qp(raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    coded = _base64(raw)
    much = 3 * len(coded) < 2 * len(quoted)
    return ("base64", coded) if much else ("quoted-printable", quoted)


def _base64(raw: bytes) -> bytes:
    return base64.encodebytes(raw).replace(b"\n", b"\r\n")


def _charset_of(raw: bytes) -> str:
    if raw.isascii():
        return '; charset="us-ascii"'
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return '; charset="utf-8"'
