"""A message that somebody else composed: what it lacks, and what it asks of the server."""

from __future__ import annotations

import re
from email.utils import getaddresses

from smtpcheck.model.value import dataclass
from smtpcheck.wire.header_field import LINE
from smtpcheck.wire.lines import canonical, changes

_NEEDED = ("From", "Date", "Message-ID")
_CHANGED = {
    "nul": "{} taken out of the raw message: no message may hold one (RFC 5322 section 3.5)",
    "line-end": "{} made CR LF in the raw message, as SMTP has it (RFC 5321 section 2.3.8)",
    "last-line": "a line end was put behind the last line of the raw message",
}
_COUNTED = {
    "nul": ("1 NUL was", "{} NULs were"),
    "line-end": ("1 line end was", "{} line ends were"),
}
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
    names = frozenset(
        found[0].rstrip(b" \t:").decode("ascii").lower()
        for line in head.split(b"\r\n")
        if (found := _FIELD.match(line))
    )
    missing = tuple(name for name in _NEEDED if name.lower() not in names)
    found = re.search(
        rb"^message-id[ \t]*:\s*(<[^>\r\n]{1,900}>)", head, re.IGNORECASE | re.MULTILINE
    )
    return RawLook(
        missing=missing,
        message_id=found[1].decode("utf-8", "replace") if found else "",
        signed="dkim-signature" in names,
        notes=tuple(_notes(message, head, names, missing)),
    )


def author_of(raw: bytes) -> str:
    """The first address in From; empty where there is none that can be read."""
    return next(iter(_addresses(canonical(raw).partition(b"\r\n\r\n")[0], "from")), "")


def changed_notes(raw: bytes) -> tuple[str, ...]:
    """What has to be changed in a message before it can leave, in words. That the lines of a text
    file end in LF throughout is no more than how this machine writes them."""
    changed = changes(raw)
    if b"\r" not in raw:
        changed.pop("line-end", None)
    return tuple(_CHANGED[kind].format(_counted(kind, number)) for kind, number in changed.items())


def _counted(kind: str, number: int) -> str:
    one, many = _COUNTED.get(kind, ("", ""))
    return one if number == 1 else many.format(number)


def _addresses(head: bytes, name: str) -> list[str]:
    """The addresses in the fields of that name."""
    field = rb"^%b[ \t]*:((?:[^\r\n]|\r\n[ \t])*)" % name.encode("ascii")
    texts = re.findall(field, head, re.IGNORECASE | re.MULTILINE)
    told = [text.replace(b"\r\n", b"").decode("utf-8", "replace") for text in texts]
    return [address for _, address in getaddresses(told) if "@" in address]


def _notes(
    message: bytes, head: bytes, names: frozenset[str], missing: tuple[str, ...]
) -> list[str]:
    notes = []
    first = head.partition(b"\r\n")[0]
    if not _FIELD.match(first):
        mbox = first.startswith(b"From ")
        what = "a line of a mailbox file (From ...)" if mbox else "no header field"
        notes.append(f"the raw message begins with {what}, and a server may refuse it")
    if missing:
        them = "it is" if len(missing) == 1 else "they are"
        notes.append(f"the raw message has no {' and no '.join(missing)}; {them} not added")
    notes += _header_notes(head, names)
    longest = max(map(len, message.split(b"\r\n")))
    if longest > LINE:
        notes.append(
            f"a line of the raw message has {longest} octets, and a server need not take more than "
            f"{LINE} (RFC 5321 section 4.5.3.1.6); it is not broken"
        )
    return notes


def _header_notes(head: bytes, names: frozenset[str]) -> list[str]:
    """What the header says that its author may not have meant."""
    notes = []
    authors = len(_addresses(head, "from"))
    if authors > 1 and "sender" not in names:
        notes.append(
            f"From of the raw message names {authors} authors, and no Sender says which of them "
            "sent it (RFC 5322 section 3.6.2); it is not added"
        )
    if _addresses(head, "bcc"):
        notes.append(
            "the raw message has a Bcc field, which shows every reader who was to be hidden; it is "
            "not taken out, and only --to decides who gets the message"
        )
    return notes
