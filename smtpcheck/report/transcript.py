"""The whole conversation as text, for the debug file and for verbose output.

The probe wrote every event in the words that may be shown; here nothing is masked, only escaped.
"""

from __future__ import annotations

import smtpcheck
from smtpcheck.model.report import TargetReport
from smtpcheck.model.transcript import Event, Who
from smtpcheck.report.escape import escape
from smtpcheck.report.rows import Role, Row, hanging, row
from smtpcheck.report.style import Style
from smtpcheck.report.words import place

_SHOWN = 2000


def render_transcript(target: TargetReport, *, started: str = "") -> str:
    """The text of the debug file for one target: how it was reached, then each line of the
    conversation with its number, the seconds since the start, and who spoke: `C` this program,
    `S` the server, `!` a note of what happened below SMTP."""
    lines = [
        f"smtpcheck {smtpcheck.__version__}: conversation with {escape(target.target)}",
        f"server: {escape(place(target))}",
    ]
    if target.profile is not None:
        lines.append(f"profile: {escape(target.profile)}")
    if started:
        lines.append(f"started: {escape(started)}")
    lines.append(f"outcome: {target.outcome.value}, exit {target.exit_code}")
    lines += ["", "settings:"]
    for name, value in target.observations.settings.items():
        lines.append(f"  {escape(name)} = {escape(_written(value))}")
    lines += ["", "conversation:"]
    lines += [f"{_margin(event)}{escape(event.text, limit=0)}" for event in events_of(target)]
    if target.notes:
        lines += ["", *(f"note: {escape(note)}" for note in target.notes)]
    return "\n".join(lines) + "\n"


def events_of(target: TargetReport) -> tuple[Event, ...]:
    """The conversation, or one note that there was none."""
    nothing = (Event(0, 0.0, Who.NOTE, "nothing was said"),)
    return target.observations.transcript or nothing


def conversation_rows(target: TargetReport, style: Style) -> list[Row]:
    """The conversation as rows of the text report."""
    rows: list[Row] = [row(("conversation", Role.TITLE))]
    for event in events_of(target):
        role = Role.SKIPPED if event.who is Who.NOTE else Role.PLAIN
        text = escape(event.text, limit=_SHOWN, ascii_only=not style.unicode)
        rows += hanging(row((_margin(event), Role.SKIPPED)), text, style, role)
    return rows


def _margin(event: Event) -> str:
    number = event.n or ""
    return f"{number:>4} {event.at_ms / 1000:>8.3f} {event.who.value} "


def _written(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
