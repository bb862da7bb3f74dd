"""One bounded IMAP session that only reads (RFC 3501): folders, a search, headers."""

from __future__ import annotations

import imaplib
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from smtpcheck.model.arrival import NoLook
from smtpcheck.model.secret import Secret
from smtpcheck.model.value import dataclass
from smtpcheck.wire.sasl import plain_response

LARGEST = 1_000_000
"""Octets of one answer; a message is asked for in part, so more comes only from a broken server."""
_HEADER = 65_536
_BODY = 65_536
_JUNK_NAMES = (
    "junk",
    "spam",
    "junk e-mail",
    "junk email",
    "bulk mail",
    "[gmail]/spam",
    "quarantine",
)
_LISTED = re.compile(
    rb'\((?P<flags>[^)]*)\) (?P<delimiter>"(?:\\.|[^"])"|NIL) (?P<name>.+)\Z', re.DOTALL
)


class MailboxError(Exception):
    """The mailbox cannot be looked into; holds why."""

    def __init__(self, why: NoLook) -> None:
        super().__init__(why.reason)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the mailbox is, and who may read it."""

    host: str
    port: int
    username: str
    secret: Secret
    context: ssl.SSLContext
    starttls: bool = False
    """TLS is begun on the open connection; else it is there from the first byte."""
    timeout: float


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of the mailbox."""

    name: str
    """As it is shown."""
    raw: bytes
    """As the server wrote it, to be given back."""
    junk: bool = False


class _Bounded:
    """Reads no more of one answer than is sane."""

    def read(self, size: int) -> bytes:
        if size > LARGEST:
            raise imaplib.IMAP4.abort(f"an answer of {size} bytes")
        return bytes(super().read(size))  # type: ignore[misc]  # of the client it is mixed into


class _Plain(_Bounded, imaplib.IMAP4):
    pass


class _Tls(_Bounded, imaplib.IMAP4_SSL):
    pass


class Mailbox:
    """A session that is logged in."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client

    def folders(self) -> list[Folder]:
        """The inbox, the folders for spam (RFC 6154), then all others that can be opened."""
        status, listed = self._client.list()
        found = (
            [_folder(line) for line in listed if isinstance(line, bytes)] if status == "OK" else []
        )
        usable = [each for each in found if each is not None and each.name.upper() != "INBOX"]
        junk = [each for each in usable if each.junk]
        rest = [each for each in usable if not each.junk]
        return [Folder("INBOX", b"INBOX"), *junk, *rest]

    def search(self, folder: Folder, *criteria: str) -> list[bytes]:
        """UIDs of messages, newest last; none where the folder cannot be opened."""
        status, _ = self._client.select(folder.raw.decode("ascii", "replace"), readonly=True)
        if status != "OK":
            return []
        status, found = self._client.uid("SEARCH", *criteria)
        listed = found[0] if status == "OK" and found else None
        return [uid for uid in listed.split() if uid.isdigit()] if isinstance(listed, bytes) else []

    def header(self, uid: bytes) -> bytes:
        """The header of a message in the folder that was searched last."""
        return self._part(uid, f"BODY.PEEK[HEADER]<0.{_HEADER}>")

    def begin_of(self, uid: bytes) -> bytes:
        """The first octets of a message, header included."""
        return self._part(uid, f"BODY.PEEK[]<0.{_BODY}>")

    def received_at(self, uid: bytes) -> float | None:
        """When the mailbox got the message (INTERNALDATE), in seconds since 1970."""
        status, parts = self._client.uid("FETCH", uid.decode("ascii"), "(INTERNALDATE)")
        lines = [each for each in parts if isinstance(each, bytes)] if status == "OK" else []
        told = next(filter(None, map(imaplib.Internaldate2tuple, lines)), None)
        return time.mktime(told) if told is not None else None

    def _part(self, uid: bytes, what: str) -> bytes:
        status, parts = self._client.uid("FETCH", uid.decode("ascii"), f"({what})")
        if status != "OK":
            return b""
        return next((each[1] for each in parts if isinstance(each, tuple)), b"")


@contextmanager
def mailbox(place: Place) -> Iterator[Mailbox]:
    """A session in verified TLS: from the first byte, or by STARTTLS. Raises
    MailboxError."""
    client = None
    try:
        client = _connected(place)
        _log_in(client, place)
        yield Mailbox(client)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise MailboxError(NoLook(kind="tls", reason=f"TLS with {_at(place)}: {reason}")) from None
    except OSError as error:
        said = error.strerror or str(error) or type(error).__name__
        raise MailboxError(
            NoLook(kind="unreachable", reason=f"{_at(place)} cannot be reached: {said}")
        ) from None
    except (imaplib.IMAP4.error, ValueError) as error:
        raise MailboxError(
            NoLook(kind="protocol", reason=f"{_at(place)} broke off: {str(error)[:200]}")
        ) from None
    finally:
        if client is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                client.logout()
            with suppress(OSError):
                client.shutdown()


def _connected(place: Place) -> imaplib.IMAP4:
    if not place.starttls:
        return _Tls(place.host, place.port, ssl_context=place.context, timeout=place.timeout)
    client = _Plain(place.host, place.port, timeout=place.timeout)
    client.starttls(place.context)
    return client


def _log_in(client: imaplib.IMAP4, place: Place) -> None:
    if "AUTH=PLAIN" not in client.capabilities:
        offered = ", ".join(each for each in client.capabilities if each.startswith("AUTH="))
        raise MailboxError(
            NoLook(
                kind="no-plain-login",
                reason=f"{_at(place)} takes no password (it offers {offered or 'no login'})",
            )
        )
    try:
        client.authenticate("PLAIN", lambda _: plain_response(place.username, place.secret))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        said = str(error)[:200]
        raise MailboxError(
            NoLook(
                kind="login-refused",
                reason=f"{_at(place)} refused the login of {place.username}: {said}",
            )
        ) from None


def _folder(line: bytes) -> Folder | None:
    found = _LISTED.match(line)
    if found is None:
        return None
    flags = found["flags"].lower().split()
    if b"\\noselect" in flags or b"\\nonexistent" in flags:
        return None
    raw = found["name"].strip()
    name = raw.strip(b'"').decode("ascii", "replace")
    delimiter = found["delimiter"].strip(b'"').decode("ascii", "replace")
    last = name.lower().rpartition(delimiter)[2] if delimiter else name.lower()
    junk = b"\\junk" in flags or name.lower() in _JUNK_NAMES or last in _JUNK_NAMES
    return Folder(name, raw, junk)


def _at(place: Place) -> str:
    return f"{place.host}:{place.port}"
