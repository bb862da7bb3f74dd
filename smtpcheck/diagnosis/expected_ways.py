"""Expectations of who gets through: address families to the server, senders past it."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.diagnosis.expectation import Expectation, held, left_open
from smtpcheck.diagnosis.seen import Seen, reply_of, tables_in, text_in, whole_in, words_in
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations, Step
from smtpcheck.model.stage import Outcome, Stage


def families(seen: Seen, _: Observations) -> Expectation | None:
    """`families`: an address of each answers a connection."""
    asked = words_in(seen.settings, "expect.families")
    if not asked:
        return None
    wanted = ", ".join(asked)
    step = seen.step("tcp.connect")
    if step is None:
        through = "through a proxy no address of the server shows" if seen.step("tcp.proxy") else ""
        return left_open("families", Stage.TCP, wanted, through)
    only = seen.text("server.address_family")
    left_out = [each for each in asked if only in ("ipv4", "ipv6") and each != only]
    if left_out == asked:
        return left_open("families", Stage.TCP, wanted, f"server.address_family is {only}")
    attempts = tables_in(step.facts, "attempts")
    states = {each: _family_state(each, attempts) for each in asked if each not in left_out}
    answers = [each for each, (good, _) in states.items() if good]
    missing = tuple(each for each, (good, _) in states.items() if good is False)
    undecided = [each for each, (good, _) in states.items() if good is None]
    doubt = f"server.address_family is {only}" if left_out else ""
    doubt = doubt or (f"{', '.join(undecided)} was not waited for" if undecided else "")
    if not missing and undecided == list(states):
        return left_open("families", Stage.TCP, wanted, doubt)
    said = "; ".join(f"{each}: {words}" for each, (_, words) in states.items())
    return held(
        "families",
        Stage.TCP,
        wanted,
        said,
        met=not missing,
        missing=missing,
        fitting=",".join(answers),
        doubt=doubt,
    )


def _family_state(family: str, attempts: Sequence[Facts]) -> tuple[bool | None, str]:
    """Whether an address of the family answers, None where that did not come out, and in words."""
    own = [each for each in attempts if each.get("family") == family]
    if not own:
        return False, "the name has no such address"
    good = next((each for each in own if each.get("outcome") == "connected"), None)
    if good is not None:
        return True, f"{text_in(good, 'address')} answers"
    words = [f"{text_in(each, 'address')} {_why_silent(each)}" for each in own]
    tried = all(each.get("outcome") == "failed" for each in own)
    return False if tried else None, ", ".join(words)


def _why_silent(attempt: Facts) -> str:
    return text_in(attempt, "error") or text_in(attempt, "outcome")


def senders(seen: Seen, _: Observations) -> Expectation | None:
    """`senders`: MAIL and RCPT with each are accepted (`send.sender`)."""
    asked = words_in(seen.settings, "expect.senders")
    if not asked:
        return None
    wanted = ", ".join(asked)
    tried = {text_in(each.facts, "sender"): each for each in seen.steps if _is_answer(each)}
    steps = {each: tried[each] for each in asked if each in tried}
    if not steps:
        return left_open("senders", Stage.SEND, wanted)
    later = [each for each, step in steps.items() if _asks_to_wait(step)]
    refused = tuple(
        each
        for each, step in steps.items()
        if step.facts.get("accepted") is not True and each not in later
    )
    not_tried = [each for each in asked if each not in steps]
    doubts = [f"{each} got no final answer: {_said(steps[each])}" for each in later]
    doubts += [f"{', '.join(not_tried)} not tried"] if not_tried else []
    if not refused and not any(each.facts.get("accepted") is True for each in steps.values()):
        return left_open("senders", Stage.SEND, wanted, "; ".join(doubts))
    said = "; ".join(steps[each].summary for each in refused) or "all accepted"
    events = [whole_in(reply_of(steps[each]), "event") for each in refused]
    return held(
        "senders",
        Stage.SEND,
        wanted,
        said,
        met=not refused,
        missing=refused,
        fitting=",".join(each for each in asked if each not in refused),
        quoted=tuple(each for each in events if each),
        doubt="; ".join(doubts),
    )


def _is_answer(step: Step) -> bool:
    return step.step == "send.sender" and step.outcome is not Outcome.SKIPPED


def _asks_to_wait(step: Step) -> bool:
    """Whether the server asks to try again, or gave no answer: that judges no sender."""
    code = whole_in(reply_of(step), "code") or 0
    return 400 <= code < 500 or (not code and "error" not in step.facts)


def _said(step: Step) -> str:
    return step.summary.partition(": ")[2] or step.summary
