"""Waits for a message: in the inbox and the folders for spam, at last in all others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from smtpcheck.confirm.mailbox import Folder, Mailbox, MailboxError, Place, mailbox
from smtpcheck.confirm.reading import arrival_of, bounce_of
from smtpcheck.model.arrival import Arrival, Bounce, Looked, NotSeen, Sent

_PAUSE = 2.0
"""Seconds between two looks; what is waited for takes seconds to minutes."""
_MOST_REPORTS = 20
_CLOCKS = 60.0
"""Seconds that the clocks of this machine and of the mailbox may differ."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def look_for(sent: Sent, place: Place, *, wait: float) -> Looked:
    """Looks for the message, or for the report that it could not be delivered, for `wait` seconds.

    Nothing in the mailbox is changed. What cannot be looked into is a NoLook."""
    began = time.monotonic()
    try:
        with mailbox(place) as opened:
            return _wait(sent, opened, began, began + wait)
    except MailboxError as error:
        return error.why


def _wait(sent: Sent, opened: Mailbox, began: float, end: float) -> Arrival | Bounce | NotSeen:
    folders = opened.folders()
    usual = [folder for folder in folders if folder.junk or folder.name == "INBOX"]
    while True:
        seconds = time.monotonic() - began
        found = _found(sent, opened, usual, seconds) or _reported(sent, opened, seconds)
        if found is not None:
            return found
        left = end - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(_PAUSE, left))
    others = [folder for folder in folders if folder not in usual]
    seconds = time.monotonic() - began
    sorted_away = _found(sent, opened, others, seconds)
    return sorted_away or NotSeen(seconds=seconds, folders=tuple(each.name for each in folders))


def _found(
    sent: Sent, opened: Mailbox, folders: Sequence[Folder], seconds: float
) -> Arrival | None:
    for folder in folders:
        uids = opened.search(folder, *_lately(), "HEADER", "Message-ID", _quoted(sent.message_id))
        for uid in reversed(uids[-_MOST_REPORTS:]):
            if _is_of_this_run(opened, uid, sent):
                return arrival_of(opened.header(uid), folder, seconds)
    return None


def _is_of_this_run(opened: Mailbox, uid: bytes, sent: Sent) -> bool:
    """A message that is sent a second time is not taken for its first copy. Clocks differ, so a
    minute is allowed."""
    received = opened.received_at(uid)
    return received is None or received >= sent.since - _CLOCKS


def _reported(sent: Sent, opened: Mailbox, seconds: float) -> Bounce | None:
    """A report of a mail server that names the message."""
    inbox = Folder("INBOX", b"INBOX")
    uids = opened.search(inbox, *_lately(), "TEXT", _quoted(sent.message_id))
    for uid in reversed(uids[-_MOST_REPORTS:]):
        if not _is_of_this_run(opened, uid, sent):
            continue
        bounce = bounce_of(opened.begin_of(uid), inbox, seconds)
        if bounce is not None:
            return bounce
    return None


def _lately() -> tuple[str, str]:
    """Only what came today or, in whatever time zone, the day before: a search of a full mailbox
    takes long."""
    day = datetime.now(UTC) - timedelta(days=1)
    return "SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def _quoted(text: str) -> str:
    """A string of IMAP (RFC 3501 section 4.3)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
