"""What the probe saw: steps within stages, each with its facts. Nothing here judges what was
seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from smtpcheck.model.drift import Drift
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Event
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One step, for example `tcp.greeting`.

    `facts` is plain data; docs/facts.md lists the names. Server text in `summary` and `facts`
    is as the server sent it, secrets masked: whoever shows it must escape it.
    """

    step: str
    outcome: Outcome
    elapsed_ms: float
    summary: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage of the probe."""

    stage: Stage
    outcome: Outcome
    steps: tuple[Step, ...] = ()
    blocked_by: str | None = None
    """The stage that failed before this one; None where the profile does not use this stage."""
    elapsed_ms: float = 0.0

    @property
    def failed_step(self) -> Step | None:
        """The step that made the stage fail."""
        return next((step for step in self.steps if step.outcome is Outcome.FAILED), None)


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """A safe extra observation made after a failure to tell causes apart."""

    name: str
    outcome: Outcome
    summary: str
    elapsed_ms: float
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observations:
    """All that one run against one target recorded; what a diagnosis is made from."""

    settings: Mapping[str, Json]
    """The settings that were used, flat (`server.host`), without any secret."""
    stages: tuple[StageResult, ...]
    experiments: tuple[ExperimentResult, ...] = ()
    transcript: tuple[Event, ...] = ()
    interrupted: bool = False
    findings: tuple[LintFinding, ...] = ()
    """What was known to be wrong with the settings before the first packet."""
    baseline: str = ""
    """When the run began that this one was compared with (UTC, RFC 3339); empty: with none."""
    drift: tuple[Drift, ...] = ()
    """What has changed since then."""
