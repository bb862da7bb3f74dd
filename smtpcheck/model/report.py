"""The result of a run, as every renderer sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How a run is repeated: command lines without the name of the program."""

    whole: tuple[str, ...]
    """All of it; empty: what it was told cannot be told again, as from standard input."""
    envelope: tuple[str, ...]
    """As much of it as sends no message."""
    sends: bool = True
    """Whether `whole` may send a message."""
    exact: bool = True
    """Whether `envelope` says MAIL and RCPT as the run did."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one of several attempts at a target came to."""

    outcome: Outcome
    exit_code: int
    elapsed_ms: float
    waited_ms: float
    """What had been waited before it."""
    cause: str = ""
    """Of its failure; empty where there is none, or none is known."""


@dataclass(frozen=True, slots=True)
class TargetReport:
    """What one run found out about one target."""

    target: str
    profile: str | None
    outcome: Outcome
    exit_code: int
    observations: Observations
    diagnoses: tuple[Diagnosis, ...] = ()
    notes: tuple[str, ...] = ()
    """What the reader must know besides, for example `no message was sent: ...`."""
    options: tuple[str, ...] = ()
    """The words that follow the target for a run that reaches the server in the same way."""
    again: Again | None = None
    """None: a saved report does not tell."""
    attempts: tuple[Attempt, ...] = ()
    """All of them, the last being the one that the rest tells of; empty where there was one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of `probe` or `send-test` found out."""

    started: str
    """UTC, RFC 3339."""
    outcome: Outcome
    exit_code: int
    targets: Sequence[TargetReport]
    """In the order of the run. Of thousands each is made anew when it is asked for, so that a
    reader goes through them and keeps none."""
