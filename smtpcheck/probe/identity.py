"""Whose mail it is: From, Sender, Reply-To and the envelope sender of a message.

Business software sends in one of two ways. With `sender.force` every mail has the one system
address in From, and the acting user, who shall get the answers, in Reply-To. Without it the acting
user is the author in From, and the system that hands the mail in is named in Sender (RFC 5322
section 3.6.2); bounces go to the system, which is the one that logs in.
"""

from __future__ import annotations

from smtpcheck.model.message import Mailbox
from smtpcheck.model.plan import Plan
from smtpcheck.model.profile import Profile
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """Addresses as they were given; an empty one means that there is none."""

    author: Mailbox
    handed_in_by: str
    """Sender, where it is not the author."""
    reply_to: Mailbox
    envelope_sender: str
    """Empty: the null sender, which no bounce can come back to."""
    notes: tuple[str, ...] = ()
    """What was asked for and did not go together."""


def identity_of(profile: Profile, plan: Plan) -> Identity:
    """The identity of this run's message: what was asked for, then the acting user, then what is
    set, then the user name where that is an address, then what a message given whole says."""
    spec, sender = plan.message, profile.sender
    username = profile.auth.username
    system = sender.address or (username if "@" in username else "")
    acting = spec.acting
    as_author = acting is not None and not spec.from_address and not sender.force
    author = Mailbox(spec.from_address or system, sender.name)
    if acting is not None and as_author:
        author = acting
    if spec.raw is not None and not author.address:
        from smtpcheck.wire.raw_message import author_of

        author = Mailbox(author_of(spec.raw))
    handed_in_by = system if as_author and not _same(system, author.address) else ""
    reply_to = Mailbox(spec.reply_to or sender.reply_to)
    if acting is not None and not as_author and not spec.reply_to:
        reply_to = acting
    bounce = plan.bounce
    if bounce is None:
        bounce = sender.bounce or handed_in_by or author.address
    return Identity(author, handed_in_by, reply_to, bounce, tuple(_notes(profile, plan, system)))


def _notes(profile: Profile, plan: Plan, system: str) -> list[str]:
    spec, forced = plan.message, profile.sender.force
    notes = []
    if forced and spec.from_address and not _same(spec.from_address, system):
        notes.append(f"sender.force asks for From {system}, and --from was given, so it is that")
    if spec.acting is None:
        return notes
    if spec.from_address and not forced:
        notes.append("--from names the author, so the user of --as goes into Reply-To")
    if spec.reply_to and (forced or spec.from_address):
        notes.append("--reply-to was given, so the user of --as is in no field of this message")
    return notes


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
