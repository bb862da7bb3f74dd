"""A bounce as mail (RFC 3464): its machine-readable part and the sentence for people, decoded; the
message that came back is left out."""

from __future__ import annotations

import re
from typing import Final

_REPORT: Final = re.compile(r"^content-type:\s*multipart/", re.IGNORECASE | re.MULTILINE)
_SOFT_BREAK: Final = re.compile(r"=\r?\n|=[0-9A-F]{2}")


def opened(text: str) -> str:
    """The parts of a bounce that say what happened, one after another; any other text as it is."""
    head = text[:20_000]
    if _REPORT.search(head) and re.search(
        r"^(?:from|received|mime-version|to|subject):", head, re.IGNORECASE | re.MULTILINE
    ):
        parts = _parts(text)
        if parts:
            return "\n".join(parts)
    if len(_SOFT_BREAK.findall(head)) >= 3 and re.search(r"=\r?\n|=20\r?$|=3D", head, re.MULTILINE):
        import quopri

        return quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    return text


def _parts(text: str) -> list[str]:
    from email import message_from_string
    from email.message import Message

    found: list[str] = []
    pending: list[Message] = [message_from_string(text.lstrip())]
    while pending and len(found) < 20:
        part = pending.pop(0)
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            found += [each.as_string() for each in part.get_payload() if isinstance(each, Message)]
        elif kind.startswith("multipart/") and part.is_multipart():
            pending += [each for each in part.get_payload() if isinstance(each, Message)]
        elif kind in ("text/plain", "text/html"):
            raw = part.get_payload(decode=True)
            if isinstance(raw, bytes):
                found.append(_text(raw, part.get_content_charset() or "utf-8"))
    return found


def _text(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")
