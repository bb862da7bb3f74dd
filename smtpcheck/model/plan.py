"""What one run is to do: how far, to whom, within which time."""

from __future__ import annotations

from dataclasses import field

from smtpcheck.model.message import Dsn, MessageSpec
from smtpcheck.model.value import dataclass

PER_HOST = 4
"""Targets at once at one host: servers count the connections of one address (Exchange takes 20,
Postfix 50, Gmail 10 of one account, Microsoft 365 3 of one mailbox)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The part of a run that is not the profile."""

    until: str = ""
    """The last step (`tls.ehlo`); empty: all stages that the profile uses."""
    recipients: tuple[str, ...] = ()
    """Envelope recipients; empty: those of the profile's `[test].to`."""
    deliver: bool = True
    """Send a message when there are recipients; False stops after RCPT with RSET."""
    deadline: float = 60.0
    """Seconds for the whole run of one target."""
    retries: int = 0
    """How often a temporary failure is tried again, all within the deadline."""
    retry_wait: float | None = None
    """Seconds of the first wait where the server asks for none; None: as the cause has it."""
    resolver: str = ""
    """Address of the DNS server to ask, `IP` or `IP:port`; empty: those of the system."""
    bounce: str | None = None
    """Envelope sender; empty: the null sender; None: the profile's."""
    senders: tuple[str, ...] = ()
    """Addresses that are each tried as the sender, without a message."""
    relay: bool = False
    """Try without a login whether the server takes mail for the recipients; no message."""
    spam_score: bool = False
    """Ask a spam filter of this machine what it makes of the message."""
    confirm: bool = False
    """Look for the message in the mailbox of the profile's `[confirm]`."""
    experiments: bool = True
    """After a failure, observe more to tell causes apart; False makes no further connection."""
    ping: bool = False
    """Send ICMP echo requests before connecting; a hint that fails nothing."""
    tls: str = "normal"
    """How closely TLS is looked at: `normal`, or `deep` (more connections after the run)."""
    message: MessageSpec = field(default_factory=MessageSpec)
    dsn: Dsn = field(default_factory=Dsn)
    bdat: bool = False
    """Transfer the message by BDAT (RFC 3030) where the server offers it."""
    count: int = 1
    """How many messages, one behind the other in one conversation."""
    interval: float = 0.0
    """Seconds between two of them."""
    typed: tuple[str, ...] | None = None
    """The options of `send-test` that say all of this about a message; None: there are none, or
    they cannot be given again, as what came from standard input."""
