"""The conversation as it happened, in the words that may be shown."""

from __future__ import annotations

from enum import StrEnum

from smtpcheck.model.value import dataclass


class Who(StrEnum):
    """Who an event belongs to."""

    CLIENT = "C"
    SERVER = "S"
    NOTE = "!"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the conversation; numbered from 1 within its target."""

    n: int
    at_ms: float
    who: Who
    text: str
