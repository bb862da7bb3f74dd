"""A cause found in one run or one text, with its evidence and the steps of its fix."""

from __future__ import annotations

from enum import StrEnum

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass


class Confidence(StrEnum):
    """How sure a diagnosis is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """2 for certain, 0 for possible."""
        return {"certain": 2, "likely": 1, "possible": 0}[self.value]


class Owner(StrEnum):
    """Who can mend it."""

    YOU = "you"
    MAIL_ADMIN = "mail-admin"
    NETWORK_ADMIN = "network-admin"
    PROVIDER = "provider"
    RECIPIENT = "recipient"


class Severity(StrEnum):
    """Whether it made the run fail."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a diagnosis rests on: an event of the transcript, or a fact in words (`event` 0)."""

    event: int
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    """Which characters of `text` decided, as (start, end)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One changed setting that an experiment proved, or that the cause's fix names."""

    key: str
    value: Json
    verified: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A cause, found."""

    cause: str
    severity: Severity
    title: str
    stage: str
    """The stage, or the empty string when a pasted text does not show it."""
    confidence: Confidence
    owner: Owner
    retryable: bool
    why: str
    help: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    references: tuple[str, ...] = ()
