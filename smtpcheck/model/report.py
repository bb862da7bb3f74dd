"""The result of a run, as every renderer sees it."""

from __future__ import annotations

from dataclasses import dataclass

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Outcome


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
    """The words that followed the target on the command line and change what a run does: to try
    again is to give them again."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of `probe` or `send-test` found out."""

    started: str
    """UTC, RFC 3339."""
    outcome: Outcome
    exit_code: int
    targets: tuple[TargetReport, ...]
