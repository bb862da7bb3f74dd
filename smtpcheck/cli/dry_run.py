"""`send-test --dry-run`: the message on standard output, everything about it on standard error."""

from __future__ import annotations

import os
import sys

from smtpcheck.api import Job, dry_run
from smtpcheck.model.errors import UsageError
from smtpcheck.report.escape import escape


def print_message(job: Job) -> None:
    """Prints the message octet by octet as it would be sent, and its envelope besides. Raises
    UsageError where there is none."""
    made = dry_run(job)
    many = f", the first of {job.plan.count}" if job.plan.count > 1 else ""
    told = [f"not sent: {len(made.message)} bytes{many}", *made.envelope]
    told += [f"note: {note}" for note in made.notes]
    sys.stderr.write("".join(f"{escape(line)}\n" for line in told))
    sys.stderr.flush()
    try:
        sys.stdout.buffer.write(made.message)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise UsageError(f"cannot write to standard output: {error.strerror}") from None
