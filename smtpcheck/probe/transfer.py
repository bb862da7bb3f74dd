"""How the message itself leaves: behind DATA with a final dot, or by BDAT."""

from __future__ import annotations

from smtpcheck.model.reply import Defect, Heard, Silence
from smtpcheck.probe.run import Letterbox, Run
from smtpcheck.wire.mail import Delivered, chunked_delivery, delivery
from smtpcheck.wire.reply_parser import sound


def transfer(run: Run, box: Letterbox, *, quit_within: float = 0.0, verdicts: int = 1) -> Delivered:
    """Says the message, and hears what becomes of it. With `quit_within` QUIT leaves in the same
    write, and its answer may take so many seconds."""
    say = chunked_delivery if box.bdat else delivery
    dialogue = say(box.message, pipelining=quit_within > 0, verdicts=verdicts)
    return run.talk.run(dialogue, following=quit_within or None)


def in_doubt(heard: Heard) -> bool:
    """Whether the server has the whole message, and did not say in words that can be believed
    what it did with it."""
    if isinstance(heard, Silence):
        return not heard.unsent
    # Behind a reply that came too early nothing was sent.
    return not sound(heard) and Defect.UNSOLICITED not in heard.defects
