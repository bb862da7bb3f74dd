"""The command that tries again what a report shows, and never a second message unasked."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.model.diagnosis import Change
from smtpcheck.model.observation import Step
from smtpcheck.model.report import Again, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome, Stage
from smtpcheck.report.escape import escape, shell_quoted
from smtpcheck.report.facts import stage_of, step_of, texts_of
from smtpcheck.report.rows import Role, Row, row

_ENVELOPE = ("send.mail", "send.rcpt")
_LEFT = (Outcome.PASSED, Outcome.WARNED)


def try_row(target: TargetReport, stage: str, *options: str, changes: Sequence[Change] = ()) -> Row:
    """The command that shows again what this stage showed, on one row so that it can be copied."""
    label, said = try_command(target, stage, *options, changes=changes)
    return row((f"  {label}: ", Role.LABEL), (said, Role.COMMAND))


def try_command(
    target: TargetReport, stage: str, *options: str, changes: Sequence[Change] = ()
) -> tuple[str, str]:
    """What the command does, and the command: a setting of it that failed is as the fix has it."""
    label, words = _try(target, stage)
    return label, command(*_mended(words, changes), *options)


def command(*words: str) -> str:
    """A command line of this program, as a shell takes it."""
    return escape(" ".join(("smtpcheck", *map(shell_quoted, words))), limit=0)


def _try(target: TargetReport, stage: str) -> tuple[str, tuple[str, ...]]:
    probe = ("probe", target.target, *target.options)
    if stage not in ("", Stage.SEND.value):
        return "try", (*probe, "--until", stage)
    senders = texts_of(target.observations.settings, "expect.senders")
    if senders and target.exit_code == ExitCode.EXPECTATION and stage:
        tried = (word for each in senders for word in ("--sender", each))
        return "try without a message", (*probe, *tried)
    again = target.again or _usual(probe, stage)
    if not again.sends:
        return "try", again.whole
    if again.whole and _may_send(target, again):
        return "try", again.whole
    looked = step_of(stage_of(target.observations, Stage.SEND), "send.confirm") is not None
    return f"try without a message{' or a look' if looked else ''}", again.envelope


def _usual(probe: tuple[str, ...], stage: str) -> Again:
    """What is known of a run that a saved report tells of."""
    whole = (*probe, "--until", stage) if stage else probe
    return Again(whole=whole, envelope=(*probe, "--until", "rcpt"))


def _may_send(target: TargetReport, again: Again) -> bool:
    """Whether no message has left, and the envelope alone does not show the failure."""
    send = stage_of(target.observations, Stage.SEND)
    message = step_of(send, "send.message")
    if message is not None and _has_left(message):
        return False
    failed = send.failed_step if send else None
    if failed is None:
        return True
    if failed.step == "send.prepare":  # nothing was said yet, and the message is what shows it
        return again.whole[0] != "probe"
    return failed.step not in _ENVELOPE or not again.exact


def _has_left(message: Step) -> bool:
    """Whether somebody got the message, or may have."""
    facts = message.facts
    return message.outcome in _LEFT or facts.get("in_doubt") is True or bool(facts.get("accepted"))


def _mended(target: Sequence[str], changes: Sequence[Change]) -> list[str]:
    """The words of the target, a setting of them that failed as the fix has it."""
    wanted = {each.key: each.value for each in changes if isinstance(each.value, (str, int))}
    mended = []
    for before, word in zip(("", *target), target, strict=False):
        key = word.partition("=")[0] if before == "--set" else ""
        value = wanted.get(key)
        said = str(value).lower() if isinstance(value, bool) else value
        mended.append(word if value is None else f"{key}={said}")
    return mended
