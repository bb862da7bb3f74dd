"""A diagnosis as people read it: what is wrong, the evidence, why, and what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Evidence, Severity
from smtpcheck.model.transcript import Who
from smtpcheck.report.escape import escape, shell_quoted
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

    target: tuple[str, ...] = ()
    """As named on the command line, with the options that change what a run does."""
    endpoint: str = ""
    """`host:port`."""
    again: Mapping[str, str] = field(default_factory=dict)
    """For a stage, what `--until` should name instead of it."""
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
    command = _keeping(diagnosis, place)
    if command:
        rows.append(row(" " * _INDENT, "made and kept by: ", (command, Role.COMMAND)))
    if verbose:
        for at, link in enumerate(diagnosis.references):
            rows += labelled("" if at else "see", shown(link, style), style)
    if place.target:
        until = place.again.get(diagnosis.stage, diagnosis.stage)
        target = _mended(place.target, diagnosis.changes)
        rows.append(try_row(target, f"--until {until}" if until else ""))
    return rows


def _mended(target: Sequence[str], changes: Sequence[Change]) -> list[str]:
    """The words of the target, a setting of them that failed as the fix has it."""
    wanted = {each.key: each.value for each in changes if isinstance(each.value, (str, int))}
    mended = []
    for before, word in zip(("", *target), target, strict=False):
        key = word.partition("=")[0] if before == "--set" else ""
        value = wanted.get(key)
        said = str(value).lower() if isinstance(value, bool) else value
        mended.append(word if value is None else f"{key}={said}")
    return mended


def arrow_rows(where: str, place: Place, style: Style) -> list[Row]:
    """`  --> auth, smtp.example.com:587`, or nothing where neither is known."""
    words = ", ".join(shown(part, style) for part in (where, place.endpoint) if part)
    return hanging(row(("  --> ", Role.LABEL)), words, style) if words else []


def labelled(label: str, text: str, style: Style, *, indent: int = _INDENT) -> list[Row]:
    """`  why: ...`, wrapped with a hanging indent; without a label, indented as if it had one."""
    name = f"  {label}: " if label else " " * _INDENT
    return hanging(row((name, Role.LABEL)), text, style, hard=False, indent=indent)


def try_row(target: Sequence[str], options: str) -> Row:
    """The command that tries again, on one row so that it can be copied."""
    return row(("  try: ", Role.LABEL), (probe_command(target, options), Role.COMMAND))


def _keeping(diagnosis: Diagnosis, place: Place) -> str:
    """The command that makes the changes that were tried, and keeps them."""
    tried = [each for each in diagnosis.changes if each.verified]
    if not tried:
        return ""
    if not place.draft:
        return probe_command(place.target, "--fix") if place.fixable else ""
    words = ["smtpcheck", "profile", "drafts", "resume", place.draft]
    for each in tried:
        text = each.value if isinstance(each.value, str) else json.dumps(each.value)
        words += ["--set", f"{each.key}={text}"]
    return escape(" ".join(map(shell_quoted, words)), limit=0)


def probe_command(target: Sequence[str], options: str) -> str:
    """The command that probes the target with those options, as a shell takes it."""
    words = " ".join(shell_quoted(word) for word in target)
    return escape(f"smtpcheck probe {words} {options}".rstrip(), limit=0)


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
