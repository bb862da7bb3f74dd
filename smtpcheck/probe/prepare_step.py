"""The step send.prepare: envelope and message, before the server hears of them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Letterbox, Run
from smtpcheck.wire.address import envelope_address, needs_smtputf8
from smtpcheck.wire.compose import Letter, compose
from smtpcheck.wire.mail import Envelope, stuffed


def sender_of(run: Run) -> str:
    """The address in From: as asked, as set, or the user name where that is an address."""
    profile, spec = run.profile, run.plan.message
    username = profile.auth.username
    return spec.from_address or profile.sender.address or (username if "@" in username else "")


def prepare_step(run: Run) -> Ended:
    """send.prepare"""
    profile, plan = run.profile, run.plan
    sender = sender_of(run)
    asked = plan.recipients or profile.test.to
    # Whoever is named twice gets the message once.
    recipients = tuple(dict.fromkeys(sender if each == "self" else each for each in asked))
    deliver = plan.deliver and bool(recipients)
    reason = "" if deliver else _why_nothing(has_recipients=bool(recipients))
    facts: dict[str, Json] = {"sender": sender, "deliver": deliver, "reason": reason}
    if not sender:
        return _failed(facts, "no-sender", "no sender address: set sender.address")
    recipients = recipients or (sender,)
    return _filled(run, sender, recipients, deliver=deliver, facts=facts)


def _filled(
    run: Run, sender: str, recipients: tuple[str, ...], *, deliver: bool, facts: dict[str, Json]
) -> Ended:
    profile, plan = run.profile, run.plan
    try:
        bounce = envelope_address(plan.bounce or profile.sender.bounce or sender)
        envelope_to = tuple(dict.fromkeys(envelope_address(each) for each in recipients))
        # The header too names domains in ASCII form, which every server can carry.
        sender = envelope_address(sender)
        reply_to = envelope_address(plan.message.reply_to or profile.sender.reply_to)
    except ValueError as error:
        return _failed(facts, "address", f"an address has no usable domain: {error}")
    facts["recipients"] = list(envelope_to)
    in_header = (sender, reply_to) if deliver else ()
    utf8 = any(needs_smtputf8(each) for each in (bounce, *envelope_to, *in_header))
    if utf8 and not run.offered.offers("SMTPUTF8"):
        said = "an address is not ASCII, and the server does not offer SMTPUTF8"
        return _failed(facts, "smtputf8-missing", said)
    domain = bounce.rpartition("@")[2]
    message_id = f"<{os.urandom(12).hex()}.smtpcheck@{domain}>"
    letter = Letter(
        sender=sender,
        sender_name=profile.sender.name,
        recipients=envelope_to,
        reply_to=reply_to,
        message_id=message_id,
        at=datetime.now().astimezone(),
        server=f"{profile.server.host or profile.server.socket}:{profile.port}",
        charset=profile.test.charset,
        utf8_headers=utf8,
    )
    try:
        words = replace(plan.message, from_address="", reply_to="")  # the letter has both
        message = compose(words, letter) if deliver else b""
    except (ValueError, LookupError) as error:
        return _failed(facts, "message", f"the message cannot be composed: {error}")
    size = len(stuffed(message))
    facts |= {"message_id": message_id if deliver else "", "size": size}
    if run.offered.size and size > run.offered.size:
        said = f"the message has {size} bytes, the server takes {run.offered.size}"
        return _failed(facts, "too-large", said)
    parameters = (
        *((f"SIZE={size}",) if deliver and run.offered.offers("SIZE") else ()),
        *(("SMTPUTF8",) if utf8 else ()),
    )
    run.letterbox = Letterbox(
        Envelope(bounce, () if run.sender_only else envelope_to, parameters), message, deliver
    )
    if not deliver:
        run.notes.append(f"no message was sent: {facts['reason']}")
        return Ended(Outcome.PASSED, f"<{bounce}>, no message: {facts['reason']}", facts)
    return Ended(Outcome.PASSED, f"<{bounce}> to {', '.join(envelope_to)}, {size} bytes", facts)


def _why_nothing(*, has_recipients: bool) -> str:
    if has_recipients:
        return "only the envelope was to be tried"
    return "no recipient is set (test.to, --to), so the envelope was tried to the sender and reset"


def _failed(facts: dict[str, Json], kind: str, said: str) -> Ended:
    return Ended(Outcome.FAILED, said, {**facts, "error": {"kind": kind, "message": said}})
