"""The step send.prepare: envelope and message, before the server hears of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smtpcheck.model.stage import Outcome
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Letterbox, Run

if TYPE_CHECKING:
    from smtpcheck.probe.outgoing import Outgoing


def prepare_step(run: Run) -> Ended:
    """send.prepare"""
    from smtpcheck.probe.outgoing import CannotPrepareError, outgoing

    try:
        made = outgoing(run.profile, run.plan, run.offered, run.sign)
    except CannotPrepareError as error:
        told = {"kind": error.kind, "message": str(error)}
        return Ended(Outcome.FAILED, str(error), {**error.facts, "error": told})
    envelope = replace(made.envelope, recipients=()) if run.sender_only else made.envelope
    deliver = bool(made.message)
    run.letterbox = Letterbox(
        envelope,
        made.message,
        deliver,
        bdat=deliver and run.plan.bdat and run.offered.offers("CHUNKING"),
        count=run.plan.count if deliver else 1,
        again=made.again,
    )
    for note in made.notes:
        run.note(note)
    if not deliver:
        reason = str(made.facts["reason"])
        run.notes.append(f"no message was sent: {reason}")
        return Ended(Outcome.PASSED, f"<{envelope.sender}>, no message: {reason}", made.facts)
    missing = made.facts["missing"]
    return Ended(Outcome.WARNED if missing else Outcome.PASSED, _summary(made), made.facts)


def _summary(made: Outgoing) -> str:
    envelope, facts = made.envelope, made.facts
    said = f"<{envelope.sender}> to {', '.join(envelope.recipients)}, {len(made.message)} bytes"
    files = facts.get("attachments")
    if isinstance(files, list) and files:
        names = [str(each["name"]) for each in files if isinstance(each, dict)]
        said += f" with {', '.join(names)}"
    signature = facts.get("signature")
    if isinstance(signature, dict):
        said += f", signed by {signature['domain']}"
    missing = facts["missing"]
    if isinstance(missing, list) and missing:
        said += f"; not offered: {', '.join(map(str, missing))}"
    return said
