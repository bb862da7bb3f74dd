"""Reads what a mailbox holds: the receiver's verdicts (RFC 8601), a delivery report (RFC 3464)."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import Message
from email.utils import parseaddr

from smtpcheck.confirm.mailbox import Folder
from smtpcheck.model.arrival import Arrival, Bounce, Verdict

METHODS = ("spf", "dkim", "dmarc")
_PROPERTIES = {"spf": ("mailfrom", "helo"), "dkim": ("d", "i"), "dmarc": ("from",)}
"""By method: the properties that hold the domain which was looked at."""
_MOST = 20
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\b(?P<method>spf|dkim|dmarc)=(?P<result>\w+)(?P<rest>[^;]*)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(?:smtp|header)\.(\w+)=(\S+)", re.IGNORECASE)


def arrival_of(header: bytes, folder: Folder, seconds: float) -> Arrival:
    """What the header of the message that was found says."""
    message = email.message_from_bytes(header)
    authority, verdicts = _results(message)
    return Arrival(
        folder=folder.name,
        junk=folder.junk,
        seconds=round(seconds, 1),
        sender=parseaddr(str(message.get("From", "")))[1],
        authority=authority,
        verdicts=verdicts,
    )


def bounce_of(begin: bytes, folder: Folder, seconds: float) -> Bounce | None:
    """The first failed recipient of a delivery report; None for any other message."""
    message = email.message_from_bytes(begin)
    if message.get_content_type() != "multipart/report":
        return None
    for part in _report_fields(message):
        if str(part.get("Action", "")).strip().lower() == "failed":
            return Bounce(
                folder=folder.name,
                seconds=round(seconds, 1),
                recipient=_value(part, "Final-Recipient") or _value(part, "Original-Recipient"),
                status=str(part.get("Status", "")).split()[0] if part.get("Status") else "",
                diagnostic=_value(part, "Diagnostic-Code"),
                reporter=_value(part, "Remote-MTA"),
            )
    return None


def _report_fields(message: Message) -> Iterator[Message]:
    """The blocks of fields, the first of the message, the others each of one recipient."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            inner = part.get_payload()
            yield from (each for each in inner if isinstance(each, Message))


def _value(part: Message, name: str) -> str:
    """A field without its type: `smtp; 550 no such user`."""
    text = " ".join(str(part.get(name, "")).split())
    kind, semicolon, rest = text.partition(";")
    return (rest if semicolon else kind).strip()[:500]


def _results(message: Message) -> tuple[str, tuple[Verdict, ...]]:
    """The verdicts of the server that delivered: the topmost header's, and those beside it by the
    same name. A header further down may have come with the message, from anybody."""
    import authres

    authority, verdicts = "", list[Verdict]()
    for value in message.get_all("Authentication-Results", [])[:_MOST]:
        text = " ".join(str(value).split())
        try:
            parsed = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {text}")
        except authres.AuthResError:
            found = _loosely(text)
            if found and not verdicts:
                return "", tuple(found)
            continue
        name = str(parsed.authserv_id or "")
        if authority and name != authority:
            break
        authority = name
        verdicts += (_verdict(each) for each in parsed.results if each.method in METHODS)
    return authority, tuple(verdicts[:_MOST])


def _loosely(text: str) -> list[Verdict]:
    """The verdicts of a header that does not keep to RFC 8601: Exchange Online names no server, and
    has words of its own behind the results."""
    plain = _COMMENT.sub(" ", text)
    return [
        Verdict(
            found["method"].lower(),
            found["result"].lower(),
            next(
                (
                    value.rpartition("@")[2].lower()
                    for name, value in _PROPERTY.findall(found["rest"])
                    if name.lower() in _PROPERTIES[found["method"].lower()]
                ),
                "",
            ),
        )
        for found in _RESULT.finditer(plain)
    ][:_MOST]


def _verdict(found: object) -> Verdict:
    method = str(getattr(found, "method", ""))
    named = {str(each.name): str(each.value or "") for each in getattr(found, "properties", ())}
    value = next((named[name] for name in _PROPERTIES[method] if named.get(name)), "")
    result = str(getattr(found, "result", "") or "").lower()
    return Verdict(method, result, value.rpartition("@")[2].lower())
