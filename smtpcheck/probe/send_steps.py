"""The steps of the send stage: one transaction, told step by step.

With PIPELINING the server has answered MAIL, RCPT and DATA before the first of their steps is
told; each step then reads its part of the transaction.
"""

from __future__ import annotations

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Heard, Reply, Silence, SilenceKind
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.lmtp_delivery import deliver_to_each
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Letterbox, Run
from smtpcheck.probe.session import words
from smtpcheck.probe.transfer import in_doubt, transfer
from smtpcheck.wire.command import ask, command
from smtpcheck.wire.mail import (
    Transaction,
    agreed,
    empty_content,
    go_ahead,
    transaction,
)
from smtpcheck.wire.queue_id import queue_id

PIPELINE_PATIENCE = 8.0
"""Seconds after which the rest of a pipelined group counts as lost when its first answer came."""
QUIT_PATIENCE = 3.0
"""Seconds that the answer to QUIT may take; nothing depends on it."""


class PipeliningLostError(Exception):
    """The server announces PIPELINING and loses pipelined commands: the conversation has to be
    held again without it."""


def mail_step(run: Run) -> Ended:
    """send.mail: the whole group where the server pipelines"""
    box = _box(run)
    box.pipelining = run.offered.offers("PIPELINING") and not run.refuse_pipelining
    heard = run.talk.run(
        transaction(box.envelope, pipelining=box.pipelining, deliver=box.deliver, bdat=box.bdat),
        following=PIPELINE_PATIENCE,
    )
    box.heard = heard
    if box.pipelining and _lost(heard):
        run.recorder.note("the server loses pipelined commands: once more without pipelining")
        raise PipeliningLostError
    facts: dict[str, Json] = {
        **run.talk.facts(heard.mail, "MAIL"),
        "sender": box.envelope.sender,
        "pipelined": box.pipelining,
    }
    if not agreed(heard.mail):
        _tidy(run, heard)
        return Ended(Outcome.FAILED, _answer(f"<{box.envelope.sender}>", heard.mail), facts)
    said = _answer(f"<{box.envelope.sender}>", heard.mail)
    # Silence also without pipelining shows a server that is stuck, not one that loses commands.
    if run.refuse_pipelining and run.offered.offers("PIPELINING") and not _lost(heard):
        return Ended(Outcome.WARNED, said, {**facts, "pipelining_lost": True})
    return Ended(Outcome.PASSED, said, facts)


def rcpt_step(run: Run) -> Ended:
    """send.rcpt: at least one recipient has to be accepted"""
    box = _box(run)
    heard = _heard(box)
    names = box.envelope.recipients
    accepted = [names[n] for n in heard.accepted]
    refused = [
        (name, each)
        for name, each in zip(names, heard.recipients, strict=False)
        if not agreed(each)
    ]
    silent = next((each for each in heard.recipients if isinstance(each, Silence)), None)
    telling = silent or (refused[0][1] if refused else heard.recipients[-1])
    facts: dict[str, Json] = {
        **run.talk.facts(telling, "RCPT"),
        "accepted": list(accepted),
        "refused": [name for name, _ in refused],
        "replies": {name: words(each) for name, each in zip(names, heard.recipients, strict=False)},
        "pipelined": box.pipelining,
    }
    summary = "; ".join(
        _answer(f"<{name}>", each) for name, each in zip(names, heard.recipients, strict=False)
    )
    if silent or not accepted:
        _tidy(run, heard)
        return Ended(Outcome.FAILED, summary, facts)
    return Ended(Outcome.WARNED if refused else Outcome.PASSED, summary, facts)


def data_step(run: Run) -> Ended:
    """send.data: the server's leave to send the message"""
    box = _box(run)
    heard = _heard(box)
    last = _last(heard)
    facts = {**run.talk.facts(last, "DATA"), "pipelined": box.pipelining}
    return Ended(Outcome.PASSED if go_ahead(last) else Outcome.FAILED, words(last), facts)


def message_step(run: Run) -> Ended:
    """send.message: the message, and QUIT in the same write where the server pipelines"""
    box = _box(run)
    if _lmtp(run):
        return deliver_to_each(run, box, _heard(box))
    last = box.pipelining and box.count == 1 and not _has_more_to_ask(run)
    told = transfer(run, box, quit_within=QUIT_PATIENCE if last else 0.0)
    (accepted,) = told.verdicts
    box.parting = told.parting
    doubt = told.whole and in_doubt(accepted)
    facts: dict[str, Json] = {
        **run.talk.facts(accepted, "MESSAGE"),
        "size": len(box.message),
        "chunked": box.bdat,
        "in_doubt": doubt,
        "queue_id": "",
    }
    if isinstance(accepted, Silence) or not agreed(accepted):
        return Ended(Outcome.FAILED, _not_agreed(accepted, doubt=doubt), facts)
    facts["queue_id"] = queue_id(accepted.text)
    return Ended(Outcome.PASSED, words(accepted), facts)


def reset_step(run: Run) -> Ended:
    """send.reset: the transaction is given up, no message goes out"""
    heard = _last(_heard(_box(run)))
    facts = run.talk.facts(heard, "RSET")
    return Ended(Outcome.PASSED if agreed(heard) else Outcome.WARNED, words(heard), facts)


def quit_step(run: Run) -> Ended:
    """send.quit: whatever happens here, the mail counts"""
    box = _box(run)
    heard = box.parting
    if heard is None:
        heard = run.talk.run(ask(command("QUIT")), timeout=QUIT_PATIENCE)
    facts = run.talk.facts(heard, "QUIT")
    run.talk.link.close()
    if isinstance(heard, Reply):
        return Ended(Outcome.PASSED, words(heard), facts)
    patient = heard.kind in (SilenceKind.TIMEOUT, SilenceKind.DEADLINE)
    said = f"{words(heard)}; the mail is not affected"
    return Ended(Outcome.WARNED if patient else Outcome.PASSED, said, facts)


def _has_more_to_ask(run: Run) -> bool:
    return run.profile.expect is not None and bool(run.profile.expect.senders)


def _lmtp(run: Run) -> bool:
    return run.profile.server.protocol == "lmtp"


def _not_agreed(heard: Heard, *, doubt: bool) -> str:
    if doubt:
        return f"{words(heard)} after the final dot: unknown whether the message was accepted"
    if isinstance(heard, Silence):
        return f"{words(heard)} before the whole message had left: it was not accepted"
    return words(heard)


def _box(run: Run) -> Letterbox:
    if run.letterbox is None:
        raise RuntimeError("the message was not prepared")
    return run.letterbox


def _heard(box: Letterbox) -> Transaction:
    if box.heard is None:
        raise RuntimeError("the transaction has not begun")
    return box.heard


def _last(heard: Transaction) -> Heard:
    if heard.last is None:
        raise RuntimeError("the transaction did not come so far")
    return heard.last


def _lost(heard: Transaction) -> bool:
    """Whether MAIL was accepted in a pipelined group and a later answer never came. Where MAIL is
    refused, holding the conversation again would change nothing."""
    late = [each for each in (*heard.recipients, heard.last) if isinstance(each, Silence)]
    return agreed(heard.mail) and any(each.kind is SilenceKind.TIMEOUT for each in late)


def _tidy(run: Run, heard: Transaction) -> None:
    """DATA that was accepted although no recipient was has to be answered by a dot alone
    (RFC 2920 section 3.1). Where one was, a dot would deliver an empty message."""
    if go_ahead(heard.last) and (heard.accepted or _lmtp(run)):
        run.talk.link.close()  # LMTP answers a dot once for each recipient, and there is none
    elif go_ahead(heard.last):
        run.talk.run(ask(empty_content()), timeout=QUIT_PATIENCE)


def _answer(who: str, heard: Heard) -> str:
    return f"{who} {words(heard)}"
