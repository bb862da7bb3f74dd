"""What a run saw, by step: for judgements that look at a whole run. A saved report may hold
anything, so a fact of another type counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import Observations, StageResult, Step
from smtpcheck.model.stage import AFTER_QUIT, Outcome, Stage

_GOOD: Final = (Outcome.PASSED, Outcome.WARNED)
_NOT_TIMED: Final = (*AFTER_QUIT, "tcp.ping", "send.repeat", "send.sender")
"""Steps that somebody asked for besides: how long they take is not the server's doing."""


class Seen:
    """The steps, stages and settings of one run."""

    def __init__(self, observations: Observations) -> None:
        self.settings = observations.settings
        self.stages = {each.stage: each for each in observations.stages}
        self.steps = [step for each in observations.stages for step in each.steps]
        self.whole = not observations.interrupted and all(
            each.outcome in (*_GOOD, Outcome.SKIPPED) for each in observations.stages
        )
        """Whether no stage failed or was interrupted."""

    def step(self, name: str) -> Step | None:
        """The step of that name, where it was taken."""
        taken = (each for each in self.steps if each.outcome is not Outcome.SKIPPED)
        return next((each for each in taken if each.step == name), None)

    def facts(self, name: str) -> Facts | None:
        """The facts of a step that did what it was to do; else None."""
        step = self.step(name)
        return step.facts if step is not None and step.outcome in _GOOD else None

    def good(self, stage: Stage) -> bool:
        """Whether the stage passed, with warnings or without."""
        result = self.stages.get(stage)
        return result is not None and result.outcome in _GOOD

    def left_out(self, stage: Stage) -> bool:
        """Whether the stage was no part of the run; one that was blocked is."""
        result = self.stages.get(stage)
        skipped = result is not None and result.outcome is Outcome.SKIPPED
        return skipped and result is not None and result.blocked_by is None

    def text(self, key: str) -> str:
        """A setting that is a text; else the empty string."""
        value = self.settings.get(key)
        return value if isinstance(value, str) else ""

    @property
    def without_tls(self) -> bool:
        """Whether the settings use no TLS."""
        return self.text("server.security") == "none"

    @property
    def greeting(self) -> Step | None:
        """The step of the greeting, where one came."""
        found = self.step("tcp.greeting") or self.step("tls.greeting")
        return found if found is not None and found.outcome in _GOOD else None

    @property
    def ehlo(self) -> Step | None:
        """The step of the last EHLO that these settings ask for, which alone says what is offered
        (RFC 3207 section 4.2)."""
        found = self.step("tcp.ehlo" if self.without_tls else "tls.ehlo")
        return found if found is not None and found.outcome in _GOOD else None

    @property
    def leaf(self) -> Facts | None:
        """The server's own certificate."""
        handshake = self.step("tls.handshake")
        chain = handshake.facts.get("chain") if handshake else None
        first = chain[0] if isinstance(chain, (list, tuple)) and chain else None
        return first if isinstance(first, Mapping) else None

    @property
    def tls_version(self) -> str:
        """As in a profile, `1.2`; `ssl3` for less; the empty string where none was agreed."""
        handshake = self.step("tls.handshake")
        said = handshake.facts.get("version") if handshake else None
        if not isinstance(said, str) or not said:
            return ""
        number = said.removeprefix("TLSv")
        return "ssl3" if number == said else number if "." in number else f"{number}.0"

    def elapsed_ms(self, stage: Stage) -> float:
        """How long the stage took, without what was asked for besides."""
        result = self.stages.get(stage)
        return _timed(result) if result is not None else 0.0

    @property
    def total_ms(self) -> float:
        """How long all stages took."""
        return sum(_timed(each) for each in self.stages.values())


def words_in(facts: Facts, name: str) -> list[str]:
    """The texts of a fact that is a list."""
    listed = facts.get(name)
    if not isinstance(listed, (list, tuple)):
        return []
    return [each for each in listed if isinstance(each, str)]


def tables_in(facts: Facts, name: str) -> list[Facts]:
    """The tables of a fact that is a list of tables."""
    listed = facts.get(name)
    if not isinstance(listed, (list, tuple)):
        return []
    return [each for each in listed if isinstance(each, Mapping)]


def reply_of(step: Step) -> Facts:
    """The `reply` of a step; empty where there is none."""
    reply = step.facts.get("reply")
    return reply if isinstance(reply, Mapping) else {}


def text_in(facts: Facts, name: str) -> str:
    """A fact that is a text; else the empty string."""
    value: Json = facts.get(name)
    return value if isinstance(value, str) else ""


def whole_in(facts: Facts, name: str) -> int | None:
    """A fact that is a whole number; else None."""
    value: Json = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _timed(result: StageResult) -> float:
    besides = sum(step.elapsed_ms for step in result.steps if step.step in _NOT_TIMED)
    return max(0.0, result.elapsed_ms - besides)
