"""The message of a job without a server: for a look at it, and to find out early what is wrong."""

from __future__ import annotations

from dataclasses import replace

from smtpcheck.api.job import Job
from smtpcheck.api.signing import signer_of, signing_notes
from smtpcheck.model.arrival import NoScore, SpamScore
from smtpcheck.model.errors import UsageError
from smtpcheck.model.reply import Reply
from smtpcheck.model.value import dataclass
from smtpcheck.wire.hello import Hello

ASSUMED = ("8BITMIME", "SMTPUTF8", "DSN", "CHUNKING")
"""Extensions that the server is taken to offer, as most do."""

_HELP = ["choose one that has every character: --charset utf-8"]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would leave."""

    message: bytes
    envelope: tuple[str, ...]
    """MAIL and RCPT, as they would be said."""
    notes: tuple[str, ...]
    score: SpamScore | NoScore | None = None
    """What a spam filter of this machine makes of it, where that was asked for."""


def dry_run(job: Job) -> DryRun:
    """The first message, signed where the profile asks for that, as a server would get it that
    offers `ASSUMED` and names no limit. Raises UsageError where there is none to send."""
    from smtpcheck.confirm.spam_score import spam_score
    from smtpcheck.probe.outgoing import CannotPrepareError, outgoing
    from smtpcheck.wire.mail import mail_from, rcpt_to

    profile = job.loaded.profile
    sign = signer_of(profile)
    try:
        made = outgoing(profile, job.plan, _server(), sign)
    except CannotPrepareError as error:
        raise UsageError(str(error)) from None
    envelope = made.envelope
    says = (mail_from(envelope), *(rcpt_to(each, envelope.dsn) for each in envelope.recipients))
    notes = (*job.notes, *signing_notes(profile, job.plan), *made.notes)
    score = spam_score(made.message, job.plan.deadline) if job.plan.spam_score else None
    return DryRun(made.message, tuple(say.shown for say in says), notes, score)


def check_message(job: Job) -> None:
    """Raises UsageError where the message cannot be written at all, whatever the server offers: a
    character that its character set does not have, a header field that cannot hold its value."""
    from smtpcheck.probe.outgoing import CannotPrepareError, outgoing

    # What a file holds makes no difference, and encoding a large one takes a while.
    message = replace(job.plan.message, attachments=())
    profile = job.loaded.profile
    # Of a message that was given whole only signing it shows whether it can be signed.
    sign = None if message.raw is None else signer_of(profile)
    try:
        outgoing(profile, replace(job.plan, message=message), _server(), sign)
    except CannotPrepareError as error:
        if error.kind in ("message", "charset"):
            raise UsageError(str(error), _HELP if error.kind == "charset" else ()) from None


def _server() -> Hello:
    """Its answer to EHLO."""
    return Hello("EHLO", Reply(()), extensions=dict.fromkeys(ASSUMED, ""))
