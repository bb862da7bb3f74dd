"""`send-test --dry-run`: the message on standard output, everything about it on standard error."""

from __future__ import annotations

import os
import sys

from smtpcheck.api import Job, dry_run
from smtpcheck.model.arrival import NoScore, SpamScore
from smtpcheck.model.errors import UsageError
from smtpcheck.report.escape import escape


def print_message(job: Job) -> None:
    """Prints the message octet by octet as it would be sent, and its envelope besides. Raises
    UsageError where there is none."""
    made = dry_run(job)
    told = [f"not sent: {len(made.message)} bytes{_others(job)}", *made.envelope]
    told += [f"note: {note}" for note in made.notes]
    if made.score is not None:
        told.append(f"spam score: {_score_words(made.score)}")
    sys.stderr.write("".join(f"{escape(line)}\n" for line in told))
    sys.stderr.flush()
    try:
        sys.stdout.buffer.write(made.message)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise UsageError(f"cannot write to standard output: {error.strerror}") from None


def _others(job: Job) -> str:
    """What is to be known of the messages that are not printed."""
    count = job.plan.count
    if count == 1:
        return ""
    how = "are the same" if job.plan.message.raw else "differ in date, Message-ID and number alone"
    return f", the first of {count} messages; the others {how}"


def _score_words(score: SpamScore | NoScore) -> str:
    if isinstance(score, NoScore):
        return f"none: {score.reason}"
    words = f"{score.program} gives {score.score:g} of {score.required:g} points"
    rules = ", ".join(f"{name} {points:g}" for name, points in score.symbols)
    return f"{words}: {rules}" if rules else words
