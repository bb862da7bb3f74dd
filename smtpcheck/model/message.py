"""What a test message is to say; `wire/compose.py` makes the bytes."""

from __future__ import annotations

from dataclasses import field

from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mail address, and the name of who reads there."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    """Without folders and control characters."""
    type: str
    """`application/pdf`."""
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSpec:
    """The message that a probe or `send-test` composes."""

    subject: str = ""
    """Empty: one that says what the message is."""
    body: str | None = None
    """None: a text that says what the message is, or what `html` says; the empty string: an empty
    body."""
    html: str | None = None
    """The same in HTML, besides the text (RFC 2046 section 5.1.4)."""
    from_address: str = ""
    """Header From; empty: the profile's sender."""
    reply_to: str = ""
    acting: Mailbox | None = None
    """The user in whose name the message is sent: From or, with `sender.force`, Reply-To."""
    headers: tuple[tuple[str, str], ...] = ()
    """More fields by name, or others in the place of those that are composed."""
    attachments: tuple[Attachment, ...] = ()
    raw: bytes | None = field(default=None, repr=False)
    """A whole message, of which only line ends and NULs are changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsn:
    """Which delivery status notifications are asked for (RFC 3461)."""

    notify: tuple[str, ...] = ()
    """`NEVER`, or of `SUCCESS`, `FAILURE`, `DELAY`; empty: what the server does by itself."""
    returned: str = ""
    """What of the message comes back: `FULL`, `HDRS`, or empty."""
    envelope_id: str = ""
    """Comes back with the notification; printable ASCII."""

    @property
    def wanted(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.notify or self.returned or self.envelope_id)
