"""The step send.confirm: whether the accepted message arrived, where, and what the receiver found.

Accepted is not delivered: a server that took a message may drop it, keep it, or send it back.
"""

from __future__ import annotations

import time

from smtpcheck.diagnosis.reply_facts import facts_of_reply
from smtpcheck.model.arrival import Arrival, Bounce, Looked, NoLook, NotSeen, Sent, Verdict
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.secret import Secret
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run
from smtpcheck.wire.sasl import forms_of

_PASSED = ("pass", "bestguesspass")
_OPEN = ("none", "neutral", "temperror")
"""Results that are neither a pass nor a failure (RFC 8601 section 2.7)."""


def confirm_step(run: Run) -> Ended:
    """send.confirm: the mailbox of `[confirm]`, for the rest of the run's time"""
    from email.parser import BytesHeaderParser
    from email.utils import parseaddr

    if run.look is None or run.letterbox is None:
        raise RuntimeError("there is nothing to look for, or nowhere to look")

    def hide(secret: Secret, username: str) -> None:
        run.recorder.masker.add(*forms_of(secret, username))

    recipients = run.letterbox.envelope.recipients
    if len(recipients) > 1:
        run.note(
            "it was looked for in the one mailbox of [confirm]; whether it reached all of "
            f"{', '.join(recipients)} is not known"
        )
    header = BytesHeaderParser().parsebytes(run.letterbox.message)
    message_id = str(header.get("Message-ID", "")).strip()
    if not message_id:
        reason = "the message has no Message-ID, by which it could be found"
        return told(NoLook(kind="no-mark", reason=reason), Sent("", ""))
    since = time.time() - run.recorder.now_ms / 1000
    sent = Sent(message_id, parseaddr(str(header.get("From", "")))[1], since)
    return told(run.look(sent, hide, run.deadline.remaining()), sent)


def told(looked: Looked, sent: Sent) -> Ended:
    """What was seen, as a step."""
    match looked:
        case Arrival():
            return _arrived(looked, sent)
        case Bounce():
            return _bounced(looked)
        case NotSeen():
            said = f"not in the mailbox after {looked.seconds:.0f} s"
            facts: dict[str, Json] = {
                "waited_s": round(looked.seconds, 1),
                "folders": list(looked.folders),
                "error": {"kind": "not-arrived", "message": said},
            }
            return Ended(Outcome.FAILED, said, facts)
        case NoLook():
            error: dict[str, Json] = {"kind": f"mailbox-{looked.kind}", "message": looked.reason}
            return Ended(Outcome.FAILED, looked.reason, {"error": error, "help": list(looked.help)})


def _arrived(seen: Arrival, sent: Sent) -> Ended:
    facts: dict[str, Json] = {
        "folder": seen.folder,
        "junk": seen.junk,
        "seconds": seen.seconds,
        "from": seen.sender,
        "authority": seen.authority,
    }
    for method in ("spf", "dkim", "dmarc"):
        of_method = [each for each in seen.verdicts if each.method == method]
        if of_method:
            facts[method] = [{"result": each.result, "domain": each.domain} for each in of_method]
    problems = list(_problems(seen, sent))
    if problems:
        facts["problems"] = problems
    words = [f"in {seen.folder} after {seen.seconds:.0f} s", *_verdict_words(seen)]
    if seen.sender.lower() != sent.sender.lower():
        words.append(f"From was changed to {seen.sender or 'nothing'}")
    outcome = Outcome.WARNED if problems else Outcome.PASSED
    return Ended(outcome, ", ".join(words), facts)


def _problems(seen: Arrival, sent: Sent) -> list[dict[str, Json]]:
    """What deserves a look, in the words of the catalogue."""
    found: list[dict[str, Json]] = []
    if seen.junk:
        found.append({"kind": "junk", "folder": seen.folder})
    if seen.sender.lower() != sent.sender.lower():
        found.append({"kind": "from-changed", "from": seen.sender, "sent_from": sent.sender})
    for method in ("spf", "dkim", "dmarc"):
        of_method = [each for each in seen.verdicts if each.method == method]
        bad = _worst(of_method)
        if bad is not None and bad.result != "temperror":  # the receiver's DNS failed, not ours
            found.append({"kind": f"{method}-{_kind(bad)}", "domain": bad.domain})
    return found


def _worst(verdicts: list[Verdict]) -> Verdict | None:
    """The verdict that counts; None where one passed, or none was given."""
    if not verdicts or any(each.result in _PASSED for each in verdicts):
        return None
    return next((each for each in verdicts if each.result not in _OPEN), verdicts[0])


def _kind(verdict: Verdict) -> str:
    return "none" if verdict.result in _OPEN else "failed"


def _verdict_words(seen: Arrival) -> list[str]:
    best: dict[str, str] = {}
    for each in seen.verdicts:
        if best.get(each.method) not in _PASSED:
            best[each.method] = each.result
    return [f"{method.upper()} {result}" for method, result in best.items()]


def _bounced(report: Bounce) -> Ended:
    said = report.diagnostic or report.status or "no reason"
    reply = facts_of_reply(report.diagnostic or report.status)
    facts: dict[str, Json] = {
        "seconds": report.seconds,
        "bounce": {
            "recipient": report.recipient,
            "status": report.status,
            "diagnostic": report.diagnostic,
            "reporter": report.reporter,
        },
        "error": {"kind": "bounced", "message": said},
    }
    if reply["reply.code"]:
        facts["reply"] = {name.removeprefix("reply."): value for name, value in reply.items()}
    who = f" by {report.reporter}" if report.reporter else ""
    return Ended(Outcome.FAILED, f"sent back{who} after {report.seconds:.0f} s: {said}", facts)
