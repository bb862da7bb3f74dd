"""What became of a message that the server accepted, as the receiving mailbox shows it."""

from __future__ import annotations

from dataclasses import field

from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The message to look for."""

    message_id: str
    """With its angle brackets."""
    sender: str
    """The address that stood in From."""
    since: float = 0.0
    """When the run began, in seconds since 1970: what lay there before is another message."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the receiver found by one method (RFC 8601 section 2.7)."""

    method: str
    """`spf`, `dkim`, `dmarc`."""
    result: str
    """`pass`, `fail`, `softfail`, `none`, ..."""
    domain: str = ""
    """The domain that was looked at: of the envelope sender, the signature, or From."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that lies in the mailbox."""

    folder: str
    junk: bool
    """The folder is the one for spam."""
    seconds: float
    """From the server's acceptance until it was seen."""
    sender: str = ""
    """The address that stands in From now."""
    authority: str = ""
    """Who wrote the verdicts: the authserv-id of Authentication-Results."""
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A report that the message was not delivered (RFC 3464)."""

    folder: str
    seconds: float
    recipient: str = ""
    status: str = ""
    """`5.1.1`"""
    diagnostic: str = ""
    """What the server that refused it said: `550 5.1.1 no such user`."""
    reporter: str = ""
    """The server that wrote the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """It was not there within the time."""

    seconds: float
    folders: tuple[str, ...] = ()
    """Where it was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLook:
    """The mailbox could not be looked into."""

    kind: str
    """`unreachable`, `tls`, `login-refused`, `no-plain-login`, `secret-unavailable`, `protocol`,
    `no-mark`."""
    reason: str
    help: tuple[str, ...] = field(default=())


Looked = Arrival | Bounce | NotSeen | NoLook


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamScore:
    """What a spam filter of this machine makes of the message."""

    program: str
    """`rspamd` or `SpamAssassin`."""
    score: float
    required: float
    """From this score on the filter calls it spam."""
    symbols: tuple[tuple[str, float], ...] = ()
    """What was found, each with its points, those that weigh most first."""


@dataclass(frozen=True, slots=True)
class NoScore:
    """No filter could be asked."""

    reason: str
