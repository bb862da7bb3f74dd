"""Who may send: an envelope for each sender, and one without a login; no message ever leaves.

MAIL and RCPT show what a server refuses there. Many a provider looks at the sender only when it
has the message, and some write another address into it: what is accepted is told as no more than
that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Heard, Reply, Silence
from smtpcheck.model.stage import WHO_MAY_SEND, Outcome
from smtpcheck.probe.identity import identity_of
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Letterbox, Run
from smtpcheck.probe.send_steps import PIPELINE_PATIENCE, PipeliningLostError, quit_step
from smtpcheck.probe.session import words
from smtpcheck.wire.address import envelope_address, needs_smtputf8
from smtpcheck.wire.mail import Envelope, Transaction, agreed, transaction

SENDER, RELAY = WHO_MAY_SEND

_ACCEPTED = {
    "mail": "may send",
    "data": "accepted so far; this provider decides after DATA",
    "rewrite": "accepted; this provider puts the account's address into From where it is another",
    "none": "accepted; this server looks at no sender",
    "": "accepted so far; a server can still refuse the message",
}
"""What an accepted envelope says, by where the preset says that its provider looks."""
_CLOSED = ("relay-denied", "auth-required", "starttls-required")
_BY_MESSAGE = "whether a sender may be used, a message shows: name one --sender, and add --send"
_HOW_TO_SEE = {
    "": _BY_MESSAGE,
    "data": _BY_MESSAGE,
    "rewrite": "whether From was changed, the message that arrives shows: add --send, look at it",
}


def who_may_send(run: Run) -> Iterator[tuple[str, Callable[[Run], Ended]]]:
    """The steps that the send stage takes instead of its own."""
    if run.plan.relay:
        yield RELAY, relay_step
    else:
        for address in run.plan.senders:
            yield SENDER, partial(sender_step, address)
    yield "send.quit", quit_step


def expected_senders(run: Run) -> Iterator[tuple[str, Callable[[Run], Ended]]]:
    """The steps that hold `expect.senders` to the login, behind the message. A refusal fails no
    stage: it is an expectation that is not met."""
    expect = run.profile.expect
    for address in expect.senders if expect else ():
        yield SENDER, partial(_expected_sender, address)


def _expected_sender(address: str, run: Run) -> Ended:
    box = run.letterbox
    try:
        ended = sender_step(address, run)
    finally:
        run.letterbox = box
    if ended.outcome is Outcome.FAILED:
        return replace(ended, outcome=Outcome.WARNED)
    return ended


def sender_step(address: str, run: Run) -> Ended:
    """send.sender: MAIL with this sender, RCPT, RSET"""
    asked = run.plan.recipients or run.profile.test.to
    named = tuple(address if each == "self" else each for each in asked) or (address,)
    facts: dict[str, Json] = {"sender": address, "decides": run.sender_check}
    if run.talk.link.lost is not None:
        return Ended(Outcome.SKIPPED, f"<{address}>: not tried, the server is gone", facts)
    try:
        heard, envelope = _asked(run, address, named)
    except ValueError as error:
        return Ended(
            Outcome.FAILED,
            f"<{address}>: {error}",
            {**facts, "error": {"kind": "address", "message": str(error)}},
        )
    telling, verb = _telling(heard)
    facts |= {**run.talk.facts(telling, verb), "recipients": list(envelope.recipients)}
    facts["accepted"] = agreed(telling)
    if not agreed(telling):
        return Ended(Outcome.FAILED, f"<{address}>: {verb}: {words(telling)}", facts)
    if run.sender_check in _HOW_TO_SEE:
        run.note(_HOW_TO_SEE[run.sender_check])
    return Ended(Outcome.PASSED, f"<{address}>: {_ACCEPTED[run.sender_check]}", facts)


def relay_step(run: Run) -> Ended:
    """send.relay: without a login, RCPT for recipients elsewhere; RSET"""
    sender = next(iter(run.plan.senders), "") or _own_sender(run)
    try:
        heard, envelope = _asked(run, sender, run.plan.recipients)
    except ValueError as error:
        return Ended.failed(str(error), error={"kind": "address", "message": str(error)})
    names = envelope.recipients
    replies = dict(zip(names, heard.recipients, strict=False))
    taken = [name for name, each in replies.items() if agreed(each)]
    own = [name for name in taken if _is_own(name, run)]
    relayed = [name for name in taken if name not in own]
    answers = [*replies.values()] if agreed(heard.mail) else [heard.mail]
    closed = all(_wants_no_stranger(each) for each in answers)
    verdict = "open" if relayed else "closed" if closed else "unknown"
    telling = next((replies[name] for name in relayed), None) or _telling(heard)[0]
    facts: dict[str, Json] = {
        **run.talk.facts(telling, "RCPT" if agreed(heard.mail) else "MAIL"),
        "verdict": verdict,
        "sender": sender,
        "relayed": list(relayed),
        "own": list(own),
        "replies": {name: words(each) for name, each in replies.items()},
    }
    summary = f"{_RELAY_WORDS[verdict]}: {_answers(heard, replies)}"
    outcome = Outcome.PASSED if verdict == "closed" else Outcome.FAILED
    return Ended(outcome, summary, facts)


def _answers(heard: Transaction, replies: Mapping[str, Heard]) -> str:
    if not agreed(heard.mail):
        return f"MAIL: {words(heard.mail)}"
    return "; ".join(f"<{name}> {words(each)}" for name, each in replies.items())


_RELAY_WORDS: Mapping[str, str] = {
    "open": "it relays without a login",
    "closed": "it relays nothing without a login",
    "unknown": "whether it relays is not known",
}


def _asked(run: Run, sender: str, recipients: tuple[str, ...]) -> tuple[Transaction, Envelope]:
    """The server's answers to an envelope that is given up. Raises ValueError for an address that
    cannot be said to this server."""
    addresses = (envelope_address(sender), *(envelope_address(each) for each in recipients))
    utf8 = any(needs_smtputf8(each) for each in addresses)
    if utf8 and not run.offered.offers("SMTPUTF8"):
        raise ValueError("an address is not ASCII, and the server does not offer SMTPUTF8")
    envelope = Envelope(
        addresses[0], tuple(dict.fromkeys(addresses[1:])), ("SMTPUTF8",) if utf8 else ()
    )
    pipelining = run.offered.offers("PIPELINING") and not run.refuse_pipelining
    run.letterbox = Letterbox(envelope, b"", deliver=False, pipelining=pipelining)
    heard = run.talk.run(
        transaction(envelope, pipelining=pipelining, deliver=False), following=PIPELINE_PATIENCE
    )
    if pipelining and agreed(heard.mail) and isinstance(heard.last, Silence):
        run.recorder.note("the server loses pipelined commands: once more without pipelining")
        raise PipeliningLostError
    return heard, envelope


def _telling(heard: Transaction) -> tuple[Heard, str]:
    """The answer that decides, and the command it answers: the first that is no yes."""
    if not agreed(heard.mail) or not heard.recipients:
        return heard.mail, "MAIL"
    refused = next((each for each in heard.recipients if not agreed(each)), None)
    return refused or heard.recipients[-1], "RCPT"


def _wants_no_stranger(heard: Heard) -> bool:
    """Whether a refusal is one of relaying, or of anybody who has not logged in; any other judges
    the sender, the network or the recipient, and shows nothing of relaying."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.catalog.matcher import best
    from smtpcheck.diagnosis.reply_facts import facts_of_reply

    if not isinstance(heard, Reply) or heard.code < 500:
        return False
    text = "\n".join(line.raw.decode("utf-8", "backslashreplace") for line in heard.lines)
    if "sender" in text.lower() and "relay" not in text.lower():
        return False  # this sender has to log in; another may not have to
    match = best(facts_of_reply(text, step="send.rcpt"), load_catalog())
    return match is not None and match.cause.id in _CLOSED


def _is_own(recipient: str, run: Run) -> bool:
    """Whether the server keeps the recipient's domain itself, as its name or the sender's domain
    shows: that is delivery, and no relaying."""
    domain, host = _domain(recipient), run.name.lower().rstrip(".")
    return domain == _domain(_own_sender(run)) or f".{host}".endswith(f".{domain}")


def _own_sender(run: Run) -> str:
    return identity_of(run.profile, run.plan).author.address


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
