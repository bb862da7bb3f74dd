"""A diagnosis as people read it: what is wrong, the evidence, why, and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass

from smtpcheck.model.diagnosis import Confidence, Diagnosis, Evidence, Severity
from smtpcheck.model.report import TargetReport
from smtpcheck.model.transcript import Who
from smtpcheck.report.again import command, try_row
from smtpcheck.report.quote import Quote, gutter_for, quote_rows
from smtpcheck.report.rows import Role, Row, hanging, row, shown
from smtpcheck.report.style import Style
from smtpcheck.report.words import OWNER_WORDS

_EVIDENCE = 6
_HELP = 12
_INDENT = 7
_SPEAKERS = tuple(f"{who.value} " for who in Who)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a diagnosis was made, as far as it is known; a pasted text knows nothing of it."""

    target: TargetReport | None = None
    endpoint: str = ""
    """`host:port`."""
    fixable: bool = False
    """The target is a profile, which `--fix` can change."""
    draft: str = ""
    """The draft of the settings, which can be gone on with, changed."""


def diagnosis_rows(
    diagnosis: Diagnosis, style: Style, place: Place, *, verbose: bool = False
) -> list[Row]:
    """The block of one diagnosis."""
    is_error = diagnosis.severity is Severity.ERROR
    role = Role.ERROR if is_error else Role.WARNING
    label = f"{diagnosis.severity.value}[{shown(diagnosis.cause, style)}]"
    rows = hanging(
        row((label, role), (": ", Role.TITLE)),
        shown(diagnosis.title, style),
        style,
        Role.TITLE,
        hard=False,
        indent=_INDENT,
    )
    rows += arrow_rows(diagnosis.stage, place, style)
    rows += _evidence_rows(diagnosis, style, Role.FAILED if is_error else Role.WARNED)
    sure = "" if diagnosis.confidence is Confidence.CERTAIN else f"({diagnosis.confidence}) "
    rows += labelled("why", f"{sure}{shown(diagnosis.why, style, limit=1200)}", style)
    for at, step in enumerate(diagnosis.help[:_HELP]):
        # A step may name somebody more exactly than the owner of the cause does.
        owner = "" if at or step.startswith("(") else f"({OWNER_WORDS[diagnosis.owner]}) "
        text = f"{owner}{shown(step, style, limit=800)}"
        rows += labelled("" if at else "fix", text, style, indent=_INDENT + 2)
    rows += _change_rows(diagnosis, style)
    keeping = keeping_command(diagnosis, place)
    if keeping:
        rows.append(row(" " * _INDENT, "made and kept by: ", (keeping, Role.COMMAND)))
    if verbose:
        for at, link in enumerate(diagnosis.references):
            rows += labelled("" if at else "see", shown(link, style), style)
    if place.target:
        rows.append(try_row(place.target, diagnosis.stage, changes=diagnosis.changes))
    return rows


def arrow_rows(where: str, place: Place, style: Style) -> list[Row]:
    """`  --> auth, smtp.example.com:587`, or nothing where neither is known."""
    words = ", ".join(shown(part, style) for part in (where, place.endpoint) if part)
    return hanging(row(("  --> ", Role.LABEL)), words, style) if words else []


def labelled(label: str, text: str, style: Style, *, indent: int = _INDENT) -> list[Row]:
    """`  why: ...`, wrapped with a hanging indent; without a label, indented as if it had one."""
    name = f"  {label}: " if label else " " * _INDENT
    return hanging(row((name, Role.LABEL)), text, style, hard=False, indent=indent)


def keeping_command(diagnosis: Diagnosis, place: Place) -> str:
    """The command that makes the changes that were tried, and keeps them; empty for none."""
    tried = [each for each in diagnosis.changes if each.verified]
    if not tried:
        return ""
    if not place.draft:
        if place.target is None or not place.fixable:
            return ""
        return command("probe", place.target.target, *place.target.options, "--fix")
    words = ["profile", "drafts", "resume", place.draft]
    for each in tried:
        text = each.value if isinstance(each.value, str) else json.dumps(each.value)
        words += ["--set", f"{each.key}={text}"]
    return command(*words)


def _evidence_rows(diagnosis: Diagnosis, style: Style, role: Role) -> list[Row]:
    evidence = diagnosis.evidence[:_EVIDENCE]
    gutter = gutter_for([each.event for each in evidence])
    rows: list[Row] = []
    for each in evidence:
        rows += quote_rows(quote_of(each), style, role, gutter)
    return rows


def quote_of(evidence: Evidence) -> Quote:
    """The line of the transcript without the letter of who spoke, which stands in the margin."""
    who, text = evidence.text[:2], evidence.text[2:]
    if not evidence.event or who not in _SPEAKERS:
        return Quote(evidence.text, evidence.spans, evidence.event)
    spans = tuple((max(0, start - 2), end - 2) for start, end in evidence.spans if end > 2)
    return Quote(text, spans, evidence.event, who[0])


def _change_rows(diagnosis: Diagnosis, style: Style) -> list[Row]:
    if not diagnosis.changes:
        return []
    rows: list[Row] = []
    for at, change in enumerate(diagnosis.changes):
        value = json.dumps(change.value, ensure_ascii=False)
        proof = " (tried in this run: it gets further)" if change.verified else ""
        text = shown(f"{change.key} = {value}", style) + proof
        rows += labelled("" if at else "set", text, style)
    return rows
