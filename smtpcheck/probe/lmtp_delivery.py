"""The message over LMTP: the server answers it once for each recipient (RFC 2033 section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Heard, Reply, Silence
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Letterbox, Run
from smtpcheck.probe.session import words
from smtpcheck.probe.transfer import in_doubt, transfer
from smtpcheck.wire.mail import Transaction, agreed
from smtpcheck.wire.queue_id import queue_id


def deliver_to_each(run: Run, box: Letterbox, heard: Transaction) -> Ended:
    """send.message over LMTP. As with RCPT, one recipient that got it is enough: a refusal of
    another is a warning, and each is judged on its own."""
    names = [box.envelope.recipients[n] for n in heard.accepted]
    # QUIT comes later, with a patience of its own: each of these answers may take its whole time.
    delivered = transfer(run, box, verdicts=len(names))
    verdicts = delivered.verdicts
    told = list(zip(names, verdicts, strict=True))
    accepted = [name for name, each in told if agreed(each)]
    refused = [(name, each) for name, each in told if not agreed(each)]
    silent = next((each for _, each in refused if isinstance(each, Silence)), None)
    telling = silent or (refused[0][1] if refused else verdicts[-1])
    facts: dict[str, Json] = {
        **run.talk.facts(telling, "MESSAGE"),
        "size": len(box.message),
        "chunked": box.bdat,
        "in_doubt": delivered.whole and any(in_doubt(each) for _, each in refused),
        "queue_id": _queue_id(verdicts),
        "accepted": list(accepted),
        "refused": [name for name, _ in refused],
        "replies": {name: words(each) for name, each in told},
    }
    said = "; ".join(f"<{name}> {words(each)}" for name, each in told)
    if silent or not accepted:
        return Ended(Outcome.FAILED, said, facts)
    return Ended(Outcome.WARNED if refused else Outcome.PASSED, said, facts)


def _queue_id(verdicts: Sequence[Heard]) -> str:
    """That of the first recipient that got it; each may have one of its own."""
    taken = [each for each in verdicts if isinstance(each, Reply) and agreed(each)]
    return queue_id(taken[0].text) if taken else ""
