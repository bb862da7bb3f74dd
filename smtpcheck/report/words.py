"""The small words of a report: outcomes, marks, durations, places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtpcheck.model.diagnosis import Owner
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.report.facts import text_of, whole_of
from smtpcheck.report.rows import Role
from smtpcheck.report.style import Style

OUTCOME_WORDS = {
    Outcome.PASSED: "ok",
    Outcome.WARNED: "warned",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped",
    Outcome.INTERRUPTED: "stopped",
}
OUTCOME_ROLES = {
    Outcome.PASSED: Role.OK,
    Outcome.WARNED: Role.WARNED,
    Outcome.FAILED: Role.FAILED,
    Outcome.SKIPPED: Role.SKIPPED,
    Outcome.INTERRUPTED: Role.WARNED,
}
_MARKS = {
    Outcome.PASSED: ("✓", "+"),
    Outcome.WARNED: ("!", "!"),
    Outcome.FAILED: ("✗", "x"),
    Outcome.SKIPPED: ("·", "."),
    Outcome.INTERRUPTED: ("!", "!"),
}
OWNER_WORDS = {
    Owner.YOU: "you",
    Owner.MAIL_ADMIN: "the mail server's admin",
    Owner.NETWORK_ADMIN: "your network admin",
    Owner.PROVIDER: "the mail provider",
    Owner.RECIPIENT: "the recipient's side",
}
SECURITY_WORDS = {"none": "no TLS", "starttls": "STARTTLS", "tls": "implicit TLS"}


def mark(outcome: Outcome, style: Style) -> str:
    """One character for an outcome; its word always stands beside it."""
    fine, plain = _MARKS[outcome]
    return fine if style.unicode else plain


def duration(milliseconds: float) -> str:
    """A time as people say it: `0.4 ms`, `12 ms`, `3.1 s`, `2 min 5 s`."""
    if milliseconds < 0.05:
        return "0 ms"
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def run_time(milliseconds: float) -> str:
    """A whole run's time: `0.3 s`."""
    if 50 <= milliseconds < 99_950:
        return f"{milliseconds / 1000:.1f} s"
    return duration(milliseconds)


def counted(number: int, thing: str) -> str:
    """`1 warning`, `2 warnings`; a thing that ends in s takes es."""
    if number == 1:
        return f"1 {thing}"
    return f"{number} {thing}{'es' if thing.endswith('s') else 's'}"


def days_left(days: float) -> str:
    """How long a certificate still runs: `74 days left`, `expired 3 days ago`."""
    whole = int(days)
    return f"{counted(whole, 'day')} left" if days >= 0 else f"expired {counted(-whole, 'day')} ago"


def some_of(items: list[str], most: int) -> str:
    """`a, b and 6 more`."""
    if len(items) <= most + 1:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most} more"


def some_of_many(first: Sequence[str], count: int) -> str:
    """`a, b and 6 more`, where only the first of `count` are known."""
    more = count - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def place(target: TargetReport) -> str:
    """Where the run went: `smtp.example.com:587`, a socket's path, or the target as named."""
    settings = target.observations.settings
    return endpoint(settings) or target.target


def endpoint(settings: Mapping[str, Json]) -> str:
    """`host:port` of the settings, the socket's path, or the empty string."""
    socket = text_of(settings, "server.socket")
    host, port = text_of(settings, "server.host"), whole_of(settings, "server.port")
    if socket or not host:
        return socket
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{port}" if port else host


def total_ms(target: TargetReport) -> float:
    """Milliseconds of the whole run: its stages and its experiments, or its last event."""
    seen = target.observations
    stages = sum(stage.elapsed_ms for stage in seen.stages)
    last = max((event.at_ms for event in seen.transcript), default=0.0)
    return max(stages, last)
