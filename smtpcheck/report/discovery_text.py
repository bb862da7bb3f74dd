"""A discovery as text for people: who was asked, which servers hold, which is the best."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.model.discovery import Candidate, Discovery, Found, Proof, Source
from smtpcheck.model.stage import Outcome
from smtpcheck.report.diagnosis_block import labelled
from smtpcheck.report.escape import cells, escape
from smtpcheck.report.rows import BLANK, Piece, Role, Row, hanging, paint, row, row_cells, shown
from smtpcheck.report.style import Style
from smtpcheck.report.words import OUTCOME_ROLES, mark

_SOURCES = {
    Found.FOUND: Outcome.PASSED,
    Found.NOTHING: Outcome.SKIPPED,
    Found.FAILED: Outcome.FAILED,
    Found.SKIPPED: Outcome.SKIPPED,
}
_PROOFS = {
    Proof.PROVED: (Outcome.PASSED, "holds"),
    Proof.NO_LOGIN: (Outcome.WARNED, "no login"),
    Proof.FAILED: (Outcome.FAILED, "failed"),
    Proof.NOT_TRIED: (Outcome.SKIPPED, "not tried"),
}
_MODES = {"tls": "TLS", "starttls": "STARTTLS"}
_NARROW = 30
"""Columns that the result of a server needs beside its name; with less it gets rows of its own."""


def render_discovery(found: Discovery, style: Style, *, command: str, quiet: bool = False) -> str:
    """The lines, each ended by a line feed. `command` makes a profile of the best by hand;
    `quiet` leaves the verdict and what to do."""
    rows: list[Row] = []
    if not quiet:
        name = found.subject.address or found.subject.shown_domain
        rows = [row((shown(name, style), Role.TITLE)), BLANK, *_source_rows(found.sources, style)]
        if found.candidates:
            rows += [BLANK, row(("servers, best first", Role.TITLE))]
            for each in found.candidates:
                rows += _candidate_rows(each, found.candidates, style)
        rows.append(BLANK)
    rows += _verdict_rows(found, style, command)
    for note in found.notes:
        rows += hanging(row(("note", Role.LABEL), ": "), shown(note, style), style, hard=False)
    return paint(rows, style)


def _source_rows(sources: Sequence[Source], style: Style) -> list[Row]:
    rows: list[Row] = []
    wide = max((cells(each.name) for each in sources), default=0)
    for each in sources:
        outcome = _SOURCES[each.outcome]
        head: list[Piece] = [
            (f" {mark(outcome, style)} ", OUTCOME_ROLES[outcome]),
            (f"{each.name:<{wide}}  ", Role.PLAIN),
        ]
        role = Role.SKIPPED if outcome is Outcome.SKIPPED else Role.PLAIN
        rows += hanging(tuple(head), shown(each.summary, style), style, role, indent=wide + 5)
    return rows


def _candidate_rows(each: Candidate, others: Sequence[Candidate], style: Style) -> list[Row]:
    """Host, port, mode and who named it in columns, then how it went."""
    outcome, word = _PROOFS[each.proof]
    wide = max(cells(shown(other.host, style)) for other in others)
    named = max(cells(", ".join(other.sources)) for other in others)
    host = shown(each.host, style)
    by = ", ".join(each.sources)
    told = shown(f"{word}: {each.summary}" if each.summary else word, style)
    if each.needs_word:
        told += "; outside of the domain"
    lead: Piece = (f" {mark(outcome, style)} ", OUTCOME_ROLES[outcome])
    head = row(
        lead,
        host + " " * (wide - cells(host)),
        f"  {each.port:>5}  {_MODES[each.security]:<8}  ",
        (f"{by:<{named}}  ", Role.ASIDE),
    )
    if style.width - row_cells(head) < _NARROW:
        place = hanging(row(lead), f"{host}:{each.port} {_MODES[each.security]}", style)
        return [
            *place,
            *hanging(row("     "), f"{by}: {told}", style, OUTCOME_ROLES[outcome]),
        ]
    return hanging(head, told, style, OUTCOME_ROLES[outcome])


def _verdict_rows(found: Discovery, style: Style, command: str) -> list[Row]:
    best = found.best
    rows: list[Row] = []
    if best is None:
        head = row(("not found", Role.ERROR), (": ", Role.TITLE))
        rows += hanging(head, shown(found.failure, style), style, Role.TITLE, hard=False, indent=7)
    else:
        words = f"{best.host}, port {best.port} with {_MODE_WORDS[best.security]}"
        head = row(("best", Role.SUCCESS), (": ", Role.TITLE))
        rows += hanging(head, shown(words, style), style, Role.TITLE, hard=False, indent=7)
        rows += labelled("why", shown(found.reason, style), style)
        rows += labelled("user", shown(_user_words(best, found), style), style)
    for at, step in enumerate(found.help):
        label = "" if at else ("fix" if best is None else "know")
        rows += labelled(label, shown(step, style, limit=800), style)
    if command:
        # On one row, so that it can be copied.
        words = escape(command, limit=0, ascii_only=not style.unicode)
        rows.append(row(("  next: ", Role.LABEL), (words, Role.COMMAND)))
    return rows


_MODE_WORDS = {"tls": "TLS from the first byte", "starttls": "STARTTLS"}


def _user_words(best: Candidate, found: Discovery) -> str:
    """Whom to log in as, and who says so."""
    if not best.username:
        whole = found.subject.address or f"NAME@{found.subject.shown_domain}"
        return f"nobody says; at most providers the whole address, {whole}"
    if best.username == found.subject.address:
        return f"the whole address, {best.username}"
    return best.username
