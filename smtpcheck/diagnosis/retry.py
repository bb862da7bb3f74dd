"""Whether a failed run is worth another attempt, and how patient that has to be.

Retried is what the server called temporary (RFC 5321 section 4.2.1), and what ended without a reply
and may be over soon. Never what may send a message twice, or try a credential that was judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from smtpcheck.catalog.flat import flat
from smtpcheck.diagnosis.asked_wait import asked_wait
from smtpcheck.diagnosis.verdict import said_temporary
from smtpcheck.model.diagnosis import Diagnosis, Severity
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations, StageResult
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.value import dataclass

_LIMITS: Final = ("rate-limited", "auth-rate-limited", "session-too-many-connections")
_PASSING_LOGINS: Final = ("auth-temporary-failure", "auth-rate-limited")
"""Causes of a 4yz to a login that say nothing of the credential."""
_WHO: Final = r"(?:credential|pass(?:word|phrase)|user ?name|user|log-?in|account|token|mailbox)s?"
_WORSE: Final = (
    r"(?:wrong|incorrect|invalid|bad|unknown|expired|mismatch\w*|lock(?:ed)?|suspended|disabled"
    r"|blocked|revoked|rejected|refused|denied)"
)
_NAMED: Final = re.compile(
    rf"\b{_WORSE}\b[^.;]{{0,30}}?\b{_WHO}\b|\b{_WHO}\b[^.;]{{0,30}}?\b{_WORSE}\b"
)
"""What is said of a credential or an account, whatever the code of the reply is."""
_FAILED: Final = re.compile(
    r"\b(?:auth\w*|log-?in|access)\b[^.;]{0,20}?\b(?:fail(?:ed|ure)|unsuccessful|denied|rejected"
    r"|refused|invalid)\b"
)
_FOR_NOW: Final = re.compile(
    r"\b(?:temporar\w+|again|later|moment|present|unavailable|lost|busy)\b"
)


class Patience(Enum):
    """The first wait where the server names none, in seconds."""

    USUAL = 5.0
    LIMIT = 60.0
    """Something is counted in a time that has to pass."""
    GREYLIST = 300.0
    """What postgrey, rspamd and SQLgrey wait unless they are told otherwise."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Another attempt may succeed."""

    cause: str
    """Of the failure; empty where none is known."""
    patience: Patience
    asked: float | None = None
    """Seconds that the server asks for."""
    peer: str = ""
    """The address to speak with again: greylisting knows a client by its own address, and often
    remembers it on that one server alone."""


@dataclass(frozen=True, slots=True)
class NoRetry:
    """Another attempt is out of place."""

    why: str = ""
    """Where the exit code alone would let a reader expect one."""


def retry_of(seen: Observations, diagnoses: Sequence[Diagnosis]) -> Retry | NoRetry:
    """Judges the first failed stage of a run; `diagnoses` are those of the run, errors first."""
    stage = next((each for each in seen.stages if each.outcome is Outcome.FAILED), None)
    step = stage.failed_step if stage else None
    if stage is None or step is None or seen.interrupted:
        return NoRetry()
    facts = flat(step.facts)
    temporary = said_temporary(stage)
    lead = next((each for each in diagnoses if each.severity is Severity.ERROR), None)
    cause = lead.cause if lead else ""
    if stage.stage is Stage.SEND and _message_left(stage, facts):
        return NoRetry("the server has had the message, and nothing is sent twice")
    if step.step == "auth.login" and _may_be_judged(facts, cause, temporary=temporary):
        return NoRetry("a login that the server may have refused is not tried twice")
    if facts.get("reply.code") and not temporary:
        return NoRetry()
    if not (lead.retryable if lead else temporary):
        return NoRetry()
    return Retry(
        cause,
        _patience(cause),
        asked_wait(str(facts.get("reply.text") or "")),
        _peer(seen) if stage.stage is Stage.SEND else "",
    )


def _patience(cause: str) -> Patience:
    if cause == "greylisted":
        return Patience.GREYLIST
    return Patience.LIMIT if cause in _LIMITS else Patience.USUAL


def _message_left(stage: StageResult, facts: Facts) -> bool:
    """Whether the end of a message was written, or may have been: to be sure that it was not, the
    connection must have died before."""
    for step in stage.steps:
        if step.step == "send.message":
            if step.outcome is not Outcome.FAILED:
                return True
            unsent = "silence.kind" in facts and facts.get("in_doubt") is False
            return not unsent or bool(facts.get("accepted"))
    return False


def _may_be_judged(facts: Facts, cause: str, *, temporary: bool) -> bool:
    """Whether a credential may have been refused: by a reply, or by the silence that came instead.
    What failed before anything was sent is no matter of a credential."""
    if temporary and "reply.code" in facts:
        if cause == "auth-temporary-failure":  # any 4yz that nothing else explains
            return _speaks_of_the_credential(str(facts.get("reply.text") or "").lower())
        return cause.startswith("auth-") and cause not in _PASSING_LOGINS
    return "silence.kind" in facts


def _speaks_of_the_credential(said: str) -> bool:
    """Whether a reply that is temporary by its code (`450 4.7.1 wrong password`) refuses by its
    words: a server that gives a wrong password such a code locks the account all the same."""
    if _NAMED.search(said):
        return True
    return bool(_FAILED.search(said)) and not _FOR_NOW.search(said)


def _peer(seen: Observations) -> str:
    steps = (step for stage in seen.stages for step in stage.steps)
    found = next((step.facts.get("address") for step in steps if step.step == "tcp.connect"), "")
    return found if isinstance(found, str) else ""
