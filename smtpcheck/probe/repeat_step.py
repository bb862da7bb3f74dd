"""The step send.repeat: the messages behind the first, in the same conversation.

So a limit of the server shows: the step ends at the first message that is not taken as the first
was, and says which it is. Its facts name the step at which that happened, and the diagnosis judges
it as that step.
"""

from __future__ import annotations

import time
from dataclasses import replace

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Heard, Reply, Silence
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Letterbox, Run
from smtpcheck.probe.session import words
from smtpcheck.probe.transfer import in_doubt, transfer
from smtpcheck.wire.mail import Envelope, Transaction, agreed, go_ahead, transaction
from smtpcheck.wire.queue_id import queue_id

_VERBS = {"send.mail": "MAIL", "send.rcpt": "RCPT", "send.data": "DATA", "send.message": "MESSAGE"}


@dataclass(frozen=True, slots=True)
class _Sent:
    """How one message fared."""

    heard: Heard
    """The answer that decided."""
    refused_at: str = ""
    """The step at which it was not taken; empty: it was accepted."""
    recipient: str = ""
    """Who was refused, where somebody was."""
    in_doubt: bool = False

    @property
    def outcome(self) -> str:
        """As docs/facts.md lists it for send.repeat."""
        if not self.refused_at:
            return "accepted"
        if self.in_doubt:
            return "in-doubt"
        return "unanswered" if isinstance(self.heard, Silence) else "refused"


def repeat_step(run: Run) -> Ended:
    """send.repeat"""
    box = run.letterbox
    if box is None or box.heard is None:
        raise RuntimeError("no message has left yet")
    first = box.heard.accepted
    told: list[Json] = []
    for number in range(2, box.count + 1):
        _pause(run)
        begun = run.recorder.now_ms
        sent = _send(run, box, number, first)
        told.append(_row(run, number, sent, begun))
        if sent.refused_at:
            return _stopped(run, box, number, sent, told)
    accepted = box.count
    said = f"all {accepted} messages accepted"
    return Ended(Outcome.PASSED, said, {"accepted_messages": accepted, "messages": told})


def _pause(run: Run) -> None:
    wait = min(run.plan.interval, run.deadline.remaining())
    if wait > 0:
        time.sleep(wait)


def _send(run: Run, box: Letterbox, number: int, first: tuple[int, ...]) -> _Sent:
    box.message = box.again(number)
    heard = run.talk.run(
        transaction(
            _with_size(box.envelope, len(box.message)),
            pipelining=box.pipelining,
            deliver=True,
            bdat=box.bdat,
        )
    )
    refused = _refused(box, heard, first)
    if refused is not None:
        if go_ahead(heard.last):
            run.talk.link.close()  # a dot alone would deliver an empty message
        return refused
    lmtp = run.profile.server.protocol == "lmtp"
    verdicts = len(heard.accepted) if lmtp else 1
    delivered = transfer(run, box, verdicts=verdicts)
    bad = [n for n, each in enumerate(delivered.verdicts) if not agreed(each)]
    if not bad:
        return _Sent(delivered.verdicts[-1])
    answer = delivered.verdicts[bad[0]]
    recipient = box.envelope.recipients[heard.accepted[bad[0]]] if lmtp else ""
    return _Sent(answer, "send.message", recipient, delivered.whole and in_doubt(answer))


def _refused(box: Letterbox, heard: Transaction, first: tuple[int, ...]) -> _Sent | None:
    """What kept the message from being sent as the first was: to the same recipients."""
    if not agreed(heard.mail):
        return _Sent(heard.mail, "send.mail")
    for n, each in enumerate(heard.recipients):
        if n in first and not agreed(each):
            return _Sent(each, "send.rcpt", box.envelope.recipients[n])
    if heard.last is not None and not go_ahead(heard.last):
        return _Sent(heard.last, "send.data")
    return None


def _with_size(envelope: Envelope, size: int) -> Envelope:
    parameters = tuple(
        f"SIZE={size}" if each.startswith("SIZE=") else each for each in envelope.parameters
    )
    return replace(envelope, parameters=parameters)


def _row(run: Run, number: int, sent: _Sent, begun: float) -> dict[str, Json]:
    reply = sent.heard if isinstance(sent.heard, Reply) and not sent.refused_at else None
    return {
        "message": number,
        "outcome": sent.outcome,
        "at": sent.refused_at,
        "answer": words(sent.heard),
        "queue_id": queue_id(reply.text) if reply else "",
        "elapsed_ms": round(run.recorder.now_ms - begun, 3),
    }


def _stopped(run: Run, box: Letterbox, number: int, sent: _Sent, told: list[Json]) -> Ended:
    verb = _VERBS[sent.refused_at]
    who = f" <{sent.recipient}>" if sent.recipient else ""
    said = f"message {number} of {box.count} at {verb}{who}: {words(sent.heard)}"
    facts: dict[str, Json] = {
        **run.talk.facts(sent.heard, verb),
        "at": sent.refused_at,
        "message": number,
        "accepted_messages": number - 1,
        "recipient": sent.recipient,
        "in_doubt": sent.in_doubt,
        "messages": told,
    }
    return Ended(Outcome.FAILED, said, facts)
