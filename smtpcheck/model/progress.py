"""What the probe tells whoever watches it while it runs."""

from __future__ import annotations

from collections.abc import Callable

from smtpcheck.model.observation import StageResult, Step
from smtpcheck.model.stage import Stage
from smtpcheck.model.transcript import Event
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage begins."""

    target: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins; it may last as long as its wait may."""

    target: str
    step: str


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step is over."""

    target: str
    step: Step


@dataclass(frozen=True, slots=True)
class StageEnded:
    """A stage is over."""

    target: str
    stage: StageResult


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of the conversation, redacted."""

    target: str
    event: Event


@dataclass(frozen=True, slots=True)
class Sending:
    """A large message is on its way."""

    target: str
    gone: int
    """Octets that have left."""
    total: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attempt failed for now, and the next one comes in a while."""

    target: str
    seconds: float
    attempt: int
    """The number of the next one, from 2 on."""
    of: int
    """How many there may be."""
    cause: str
    """Of the failure; empty where none is known."""


@dataclass(frozen=True, slots=True)
class TargetEnded:
    """One of several targets is done: nothing more comes of it."""

    target: str
    failed: bool


@dataclass(frozen=True, slots=True)
class FewerAtOnce:
    """The system does not have as many threads as targets were to be probed at once."""

    have: int
    wanted: int


Progress = (
    Waiting
    | StageStarted
    | StepStarted
    | StepEnded
    | StageEnded
    | Spoken
    | Sending
    | TargetEnded
    | FewerAtOnce
)
Watcher = Callable[[Progress], None]


def nobody(_progress: Progress) -> None:
    """Watches nothing."""
