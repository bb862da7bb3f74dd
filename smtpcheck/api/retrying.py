"""Attempts at one target: temporary failures are tried again with patience, within one deadline.

A run of attempts is a generator that says how long it wants to wait. Whoever drives it sleeps, or
does something else meanwhile and comes back.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator
from dataclasses import replace
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from smtpcheck.diagnosis.retry import NoRetry, Retry, retry_of
from smtpcheck.model.plan import Plan
from smtpcheck.model.progress import Waiting
from smtpcheck.model.report import Attempt, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.probe.deadline import Deadline

if TYPE_CHECKING:
    from smtpcheck.model.diagnosis import Diagnosis
    from smtpcheck.model.observation import Observations
    from smtpcheck.probe.recorder import Recorder

LONGEST: Final = 3600.0
"""Seconds that a run may be given: what `--deadline` takes at most."""
_LEAST: Final = 1.0
"""Seconds that an attempt needs; and no less than the one before it took."""
_ROOM: Final = 30.0
"""Seconds that are added for an attempt where a deadline is proposed."""
_JITTER: Final = 0.2
"""Part of a wait that chance adds, so that many who failed together do not come back together."""

Attempts = Generator[Waiting, None, TargetReport]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one attempt is told."""

    seconds: float
    """That it may take."""
    peer: str
    """The address to connect to first; empty: any."""
    again: Callable[[Observations], bool] | None
    """Asked once a stage has failed: whether another attempt follows, so that nothing more need be
    found out in this one."""


def attempts(
    plan: Plan,
    recorder: Recorder,
    attempt: Callable[[Turn], TargetReport],
    judge: Callable[[Observations], tuple[Diagnosis, ...]],
    *,
    clock: Callable[[], float] = monotonic,
    chance: Callable[[], float] = random.random,
) -> Attempts:
    """Attempts until one passes, fails for good, or is the last that `plan.retries` allows. Waits
    that do not fit into `plan.deadline` are not begun. An interrupt of a wait (KeyboardInterrupt
    thrown in) ends the run with what is known."""
    left = Deadline(plan.deadline, clock)
    waits: list[_Decision] = []

    def again(seen: Observations) -> bool:
        found = retry_of(seen, judge(seen))
        waits.append(_decide(found, plan, len(recorder.attempts), left, recorder.now_ms, chance()))
        return waits[-1].wait is not None

    peer = ""
    while True:
        waits.clear()
        target = attempt(Turn(left.remaining(), peer, again if plan.retries else None))
        due = waits[-1] if waits and target.outcome is Outcome.FAILED else _Decision()
        if due.wait is None:
            return finished(target, recorder, due.note)
        recorder.attempts.append(attempt_of(target, recorder.waited_ms))
        number, begun = len(recorder.attempts) + 1, left.remaining()
        pause = Waiting(target.target, due.wait, number, plan.retries + 1, due.cause)
        try:
            recorder.wait(pause)
            yield pause
        except KeyboardInterrupt:
            return interrupted(target, recorder)
        if left.expired:  # whoever waited for us came back too late
            return finished(target, recorder, f"not tried again: {_over(plan)}")
        recorder.restart()
        recorder.waited_ms = (begun - left.remaining()) * 1000
        peer = due.peer


def in_turn(run: Attempts, rest: Callable[[float], None] | None = None) -> TargetReport:
    """Drives a run of attempts to its end, sleeping while it waits."""
    rest, stop = rest or sleep, None
    try:
        while True:
            try:
                pause = run.throw(stop) if stop else next(run)
                rest(pause.seconds)
            except KeyboardInterrupt as error:
                from inspect import GEN_CLOSED, getgeneratorstate

                if stop or getgeneratorstate(run) == GEN_CLOSED:  # nobody is left to be told
                    raise
                stop = error
    except StopIteration as done:
        target: TargetReport = done.value
        return target


def attempt_of(target: TargetReport, waited_ms: float) -> Attempt:
    """What is kept of an attempt."""
    seen = target.observations
    last = max((event.at_ms for event in seen.transcript), default=0.0)
    return Attempt(
        target.outcome,
        target.exit_code,
        round(max(last, sum(stage.elapsed_ms for stage in seen.stages)), 3),
        round(waited_ms, 3),
        target.diagnoses[0].cause if target.diagnoses and target.exit_code else "",
    )


def finished(target: TargetReport, recorder: Recorder, note: str = "") -> TargetReport:
    """The report of the last attempt, and what came before it."""
    notes = (note,) if note else ()
    if not recorder.attempts:
        return replace(target, notes=(*target.notes, *notes))
    every = (*recorder.attempts, attempt_of(target, recorder.waited_ms))
    return replace(target, attempts=every, notes=(*target.notes, _history(every), *notes))


def interrupted(target: TargetReport, recorder: Recorder) -> TargetReport:
    """The report of a target that waited for its next attempt when the run was interrupted."""
    said = f"interrupted while waiting for attempt {len(recorder.attempts) + 1}"
    return replace(
        target,
        outcome=Outcome.INTERRUPTED,
        exit_code=ExitCode.INTERRUPTED,
        observations=replace(target.observations, interrupted=True),
        notes=(*target.notes, said),
        attempts=tuple(recorder.attempts),
    )


@dataclass(frozen=True, slots=True)
class _Decision:
    """What follows a failed attempt: a wait, or an end and perhaps a word about it."""

    wait: float | None = None
    cause: str = ""
    peer: str = ""
    note: str = ""


def _decide(
    found: Retry | NoRetry,
    plan: Plan,
    made: int,
    left: Deadline,
    took_ms: float,
    chance: float,
) -> _Decision:
    """`made`: retries that were made; `took_ms`: what the failed attempt took."""
    if isinstance(found, NoRetry):
        return _Decision(note=f"not tried again: {found.why}" if found.why else "")
    if made >= plan.retries:
        return _Decision()
    if found.asked is None:
        start = found.patience.value if plan.retry_wait is None else plan.retry_wait
        wait, more = start * 2**made, start * 2**made * _JITTER
    else:
        wait, more = found.asked + 1.0, found.asked * _JITTER / 4
    needed = max(_LEAST, took_ms / 1000)
    if wait + more * chance + needed <= left.remaining():
        return _Decision(wait + more * chance, found.cause, found.peer)
    spent = plan.deadline - left.remaining()
    who = "the server asks for" if found.asked is not None else "there should be"
    said = f"not tried again: {who} a wait of {_seconds(found.asked or wait)}"
    enough = math.ceil((spent + wait + more + max(needed, _ROOM)) / 10) * 10
    if enough > LONGEST:
        return _Decision(note=f"{said}, longer than one run may last; try again after it")
    return _Decision(
        note=f"{said}, and {_over(plan)}; --deadline {enough} has room for it",
    )


def _over(plan: Plan) -> str:
    return f"the deadline of {plan.deadline:g} s comes first"


def _history(every: tuple[Attempt, ...]) -> str:
    """`tried 2 times, with 61 s of waiting; before this: greylisted`."""
    waited = sum(each.waited_ms for each in every) / 1000
    causes = dict.fromkeys(each.cause or f"exit {each.exit_code}" for each in every[:-1])
    before = ", ".join(causes)
    return f"tried {len(every)} times, with {_seconds(waited)} of waiting; before this: {before}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
