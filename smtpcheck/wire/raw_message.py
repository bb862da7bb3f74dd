"""A message that somebody else composed: what it lacks, and what it asks of the server."""

from __future__ import annotations

import re
from email.utils import getaddresses

from smtpcheck.model.value import dataclass
from smtpcheck.wire.header_field import LINE
from smtpcheck.wire.lines import canonical

_NEEDED = ("From", "Date", "Message-ID")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")


@dataclass(frozen=True, slots=True)
class RawLook:
    """What a raw message shows; its lines end in CR LF."""

    missing: tuple[str, ...]
    """Of the fields that a message needs (RFC 5322 section 3.6); Message-ID is expected."""
    message_id: str
    signed: bool
    """It carries a DKIM-Signature."""
    notes: tuple[str, ...]
    """What a server may refuse, in words."""


def look_at(message: bytes) -> RawLook:
    """Reads the header of a message, and measures its lines."""
    head = message.partition(b"\r\n\r\n")[0]
    names = {
        found[0].rstrip(b" \t:").decode("ascii").lower()
        for line in head.split(b"\r\n")
        if (found := _FIELD.match(line))
    }
    missing = tuple(name for name in _NEEDED if name.lower() not in names)
    found = re.search(
        rb"^message-id[ \t]*:\s*(<[^>\r\n]{1,900}>)", head, re.IGNORECASE | re.MULTILINE
    )
    return RawLook(
        missing=missing,
        message_id=found[1].decode("utf-8", "replace") if found else "",
        signed="dkim-signature" in names,
        notes=tuple(_notes(message, head, missing)),
    )


def author_of(raw: bytes) -> str:
    """The first address in From; empty where there is none that can be read."""
    head = canonical(raw).partition(b"\r\n\r\n")[0]
    found = re.search(rb"^from[ \t]*:((?:[^\r\n]|\r\n[ \t])*)", head, re.IGNORECASE | re.MULTILINE)
    if not found:
        return ""
    text = found[1].replace(b"\r\n", b"").decode("utf-8", "replace")
    addresses = (address for _, address in getaddresses([text]))
    return next((each for each in addresses if "@" in each), "")


def _notes(message: bytes, head: bytes, missing: tuple[str, ...]) -> list[str]:
    notes = []
    first = head.partition(b"\r\n")[0]
    if not _FIELD.match(first):
        mbox = first.startswith(b"From ")
        what = "a line of a mailbox file (From ...)" if mbox else "no header field"
        notes.append(f"the raw message begins with {what}; it is sent as it is")
    if missing:
        notes.append(f"the raw message has no {' and no '.join(missing)}; it is sent as it is")
    longest = max(map(len, message.split(b"\r\n")))
    if longest > LINE:
        notes.append(
            f"a line of the raw message has {longest} octets, and a server need not take more than "
            f"{LINE} (RFC 5321 section 4.5.3.1.6); it is sent as it is"
        )
    return notes
