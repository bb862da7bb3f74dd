"""Writes down what happens while a target is probed: the conversation and the steps.

The only door to both, so that masking a secret by value happens here and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import field, replace
from typing import TypeVar

from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import StageResult, Step
from smtpcheck.model.progress import (
    Progress,
    Sending,
    Spoken,
    StageEnded,
    StageStarted,
    StepEnded,
    StepStarted,
    Waiting,
    Watcher,
    nobody,
)
from smtpcheck.model.reply import Heard, Reply
from smtpcheck.model.report import Attempt
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Event, Who
from smtpcheck.model.value import dataclass
from smtpcheck.wire.masking import Masker

T = TypeVar("T")
TRANSCRIPT_LIMIT = 5_000
"""Lines of one conversation; far above any real one, so that a hostile server fills no memory."""
TEXT_LIMIT = 4_096
_MUCH = 262_144
"""Octets from which on it is told how far a write is."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step went, as the code that took it says."""

    outcome: Outcome
    summary: str
    facts: Facts = field(default_factory=dict)

    @classmethod
    def passed(cls, summary: str, **facts: Json) -> Ended:
        """The step did what it was to do."""
        return cls(Outcome.PASSED, summary, facts)

    @classmethod
    def warned(cls, summary: str, **facts: Json) -> Ended:
        """The step did it, and something deserves a look."""
        return cls(Outcome.WARNED, summary, facts)

    @classmethod
    def failed(cls, summary: str, **facts: Json) -> Ended:
        """The step did not do it."""
        return cls(Outcome.FAILED, summary, facts)

    @classmethod
    def skipped(cls, summary: str, **facts: Json) -> Ended:
        """The step was not taken."""
        return cls(Outcome.SKIPPED, summary, facts)


class Recorder:
    """What one run against one target wrote down."""

    def __init__(
        self,
        target: str,
        watcher: Watcher = nobody,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.masker = Masker()
        self.attempts: list[Attempt] = []
        """What earlier attempts at this target came to."""
        self.waited_ms = 0.0
        """What was waited before this one."""
        self._target = target
        self._watch = watcher
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """The run, or another attempt, begins only now: its time counts from here, and nothing is
        written down yet. What is masked stays so."""
        self.steps: list[Step] = []
        self.stages: list[StageResult] = []
        self._events: list[Event] = []
        self._zero = self._clock()
        self.began = False
        """Whether any stage has begun."""
        self.waiting = False
        """Whether this attempt is over, and another follows in a while."""
        self._begun = 0.0
        self._stage: Stage | None = None
        self._stage_begun = 0.0

    def wait(self, pause: Waiting) -> None:
        """Another attempt follows in a while."""
        self.waiting = True
        self._watch(pause)

    @property
    def now_ms(self) -> float:
        """Milliseconds since the run began."""
        return round((self._clock() - self._zero) * 1000, 3)

    @property
    def transcript(self) -> tuple[Event, ...]:
        """The conversation so far."""
        return tuple(self._events)

    def client(self, text: str, ours: str = "") -> int:
        """Writes what the client said, in the words that may be shown; it begins with `ours`, in
        which nothing is anybody's secret."""
        return self._write(Who.CLIENT, text, ours)

    def note(self, text: str) -> int:
        """Writes what happened besides."""
        return self._write(Who.NOTE, text)

    def sending(self, gone: int, total: int) -> None:
        """So many octets of so many that are being said have left; told of what takes a while."""
        if total >= _MUCH:
            self._watch(Sending(self._target, gone, total))

    def server(self, heard: Heard) -> int:
        """Writes what the server said, a line each, or what it did instead. Returns the number
        of the first event."""
        if isinstance(heard, Reply):
            first, now = len(self._events) + 1, self.now_ms
            for line in heard.lines:
                self._write(Who.SERVER, line.shown, now=now)
            if not heard.lines:
                self._write(Who.SERVER, "")
            return min(first, TRANSCRIPT_LIMIT)
        number = 0
        if heard.partial:
            number = self._write(Who.SERVER, heard.partial.decode("utf-8", "backslashreplace"))
        words = f"{heard.kind}: {heard.detail}" if heard.detail else str(heard.kind)
        said = self._write(Who.NOTE, f"no reply: {words}")
        return number or said

    def begin_stage(self, stage: Stage) -> None:
        """A stage begins; its steps follow."""
        self.steps = []
        self._stage = stage
        self.began = True
        self._stage_begun = self.now_ms
        self._tell(StageStarted, stage)

    def cut_short(self) -> tuple[StageResult, ...]:
        """All stages when nothing more is to come: those that are over, what is known of the one
        under way, and the later ones as not reached. May be asked from another thread."""
        over = tuple(self.stages)
        steps = tuple(self.steps)
        seen = {each.stage for each in over}
        rest = [stage for stage in Stage if stage not in seen]
        cut = [Outcome.INTERRUPTED if stage is self._stage else Outcome.SKIPPED for stage in rest]
        return (
            *over,
            *(
                StageResult(stage, outcome, steps if outcome is Outcome.INTERRUPTED else ())
                for stage, outcome in zip(rest, cut, strict=True)
            ),
        )

    def end_stage(self, stage: Stage, outcome: Outcome, blocked_by: str | None = None) -> None:
        """A stage is over, or was never begun."""
        elapsed = round(self.now_ms - self._stage_begun, 3) if self.steps else 0.0
        result = StageResult(stage, outcome, tuple(self.steps), blocked_by, elapsed)
        self.steps = []
        self.stages.append(result)
        self._tell(StageEnded, result)

    def begin(self, step: str) -> None:
        """A step begins."""
        self._begun = self.now_ms
        self._tell(StepStarted, step)

    def end(self, step: str, ended: Ended) -> Step:
        """A step is over."""
        return self._add(self._timed(step, ended))

    def end_late(self, stage: Stage, step: str, ended: Ended) -> None:
        """A step is over that belongs to a stage that was over before."""
        made = self._timed(step, ended)
        made = replace(made, facts=_nested(made.facts))
        for n, each in enumerate(self.stages):
            if each.stage is stage:
                self.stages[n] = replace(each, steps=(*each.steps, made))
                self._worsen(n, ended.outcome)
        self._tell(StepEnded, made)

    def add(self, step: Step) -> Step:
        """A step that somebody else timed."""
        return self._add(replace(step, facts=_nested(step.facts)))

    def _add(self, step: Step) -> Step:
        self.steps.append(step)
        self._tell(StepEnded, step)
        return step

    def amend(self, step: Step, outcome: Outcome, summary: str, facts: Facts) -> None:
        """Says more about a step of a stage that is over: what could only be known later."""
        more = replace(step, outcome=outcome, summary=summary, facts={**step.facts, **facts})
        for n, stage in enumerate(self.stages):
            if step in stage.steps:
                steps = tuple(more if each is step else each for each in stage.steps)
                self.stages[n] = replace(stage, steps=steps)
                self._worsen(n, outcome)

    def _timed(self, step: str, ended: Ended) -> Step:
        return Step(
            step,
            ended.outcome,
            round(self.now_ms - self._begun, 3),
            self.masker.text(ended.summary),
            self.masker.facts(_nested(ended.facts)),
        )

    def _worsen(self, n: int, outcome: Outcome) -> None:
        """A stage that passed and of which a step warns afterwards."""
        if outcome is Outcome.WARNED and self.stages[n].outcome is Outcome.PASSED:
            self.stages[n] = replace(self.stages[n], outcome=Outcome.WARNED)

    def _write(self, who: Who, text: str, ours: str = "", now: float | None = None) -> int:
        number = len(self._events) + 1
        if number > TRANSCRIPT_LIMIT:
            return TRANSCRIPT_LIMIT
        if number == TRANSCRIPT_LIMIT:
            who, text = Who.NOTE, "the transcript ends here: too many lines"
        if ours and text.startswith(ours):
            shown = ours + self.masker.text(text.removeprefix(ours))
        else:
            shown = self.masker.text(text)
        event = Event(number, self.now_ms if now is None else now, who, shown[:TEXT_LIMIT])
        self._events.append(event)
        if self._watch is not nobody:
            self._watch(Spoken(self._target, event))
        return number

    def _tell(self, kind: Callable[[str, T], Progress], what: T) -> None:
        """Whoever watches, if anybody."""
        if self._watch is not nobody:
            self._watch(kind(self._target, what))


def _nested(facts: Facts) -> dict[str, Json]:
    """Facts with dotted names as tables, so that every step of a report has one form."""
    if "." not in "".join(facts):
        return dict(facts)
    tables: dict[str, Json] = {}
    for name, value in facts.items():
        *path, last = name.split(".")
        table = tables
        for each in path:
            inner = table.setdefault(each, {})
            if not isinstance(inner, dict):
                raise TypeError(f"the fact {name} stands below a value")
            table = inner
        table[last] = value
    return tables
