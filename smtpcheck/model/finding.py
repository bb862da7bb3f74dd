"""What is wrong with settings without a packet sent."""

from __future__ import annotations

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One setting that is wrong, or risky, without a packet sent."""

    id: str
    """Stable, kebab-case: `port-security-mismatch`."""
    severity: Severity
    """ERROR when it cannot work, WARNING when it may."""
    key: str
    message: str
    help: tuple[str, ...]
