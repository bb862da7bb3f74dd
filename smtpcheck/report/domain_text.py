"""What was found out about a domain, as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtpcheck.model.diagnosis import Confidence, Diagnosis, Severity
from smtpcheck.model.domain import Area, Check, DnsRecord, DomainReport, Judged
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome
from smtpcheck.report.diagnosis_block import Place, arrow_rows, labelled
from smtpcheck.report.escape import cells, escape
from smtpcheck.report.quote import Quote, quote_rows
from smtpcheck.report.rows import BLANK, Role, Row, hanging, paint, row, shown
from smtpcheck.report.style import Style
from smtpcheck.report.words import (
    OUTCOME_ROLES,
    OWNER_WORDS,
    counted,
    mark,
    run_time,
    some_of,
)

_TITLES = {
    Area.SPF: "SPF",
    Area.DKIM: "DKIM",
    Area.DMARC: "DMARC",
    Area.MX: "MX",
    Area.TLS: "TLS policy",
    Area.REVERSE: "reverse DNS",
    Area.LISTS: "block lists",
}
_INDENT = 9
_LONGEST = 4000
"""Characters of a record to publish; no DNS message holds a longer one."""
_EVIDENCE = 4


def render_domain(
    report: DomainReport, style: Style, *, verbose: bool = False, quiet: bool = False
) -> str:
    """The report as lines of text: the checks, what receivers will say, the findings with their
    fixes. `quiet` leaves the findings and the verdict; `verbose` adds sources and all look-ups."""
    rows: list[Row] = []
    if not quiet:
        rows += [*_header(report, style), *_check_rows(report, style, verbose=verbose)]
        rows += _receiver_rows(report.rules, style, verbose=verbose)
    for diagnosis in report.diagnoses:
        rows += [BLANK] if rows else []
        rows += _diagnosis_rows(diagnosis, report, style, verbose=verbose)
    for note in report.notes if not quiet else ():
        rows += [BLANK, *hanging(row(("note: ", Role.LABEL)), shown(note, style), style)]
    rows += [BLANK] if rows else []
    rows.append(_verdict(report))
    return paint(rows, style)


def _header(report: DomainReport, style: Style) -> list[Row]:
    question = report.question
    parts = [f"sent through {question.provider}"] if question.provider else []
    parts += [f"profile {report.profile}"] if report.profile else []
    parts += [f"from {question.source_ip}"] if question.source_ip else []
    words = shown(", ".join(parts), style)
    return hanging(row((shown(question.domain, style), Role.TITLE), "  "), words, style, Role.ASIDE)


def _check_rows(report: DomainReport, style: Style, *, verbose: bool) -> list[Row]:
    rows: list[Row] = []
    for area in Area:
        checks = [check for check in report.checks if check.area is area]
        if not checks:
            continue
        rows += [BLANK, row((_title(area, report), Role.TITLE))]
        width = max(len(_name(check)) for check in checks)
        for check in checks:
            rows += _one(check, width, style)
            if verbose or check.kind.startswith(("too-many", "include-")):
                rows += _chain_rows(check, style)
    return rows


def _title(area: Area, report: DomainReport) -> str:
    envelope = report.question.envelope
    other = area is Area.SPF and envelope != report.question.domain
    return f"{_TITLES[area]} of {envelope}, the envelope sender" if other else _TITLES[area]


def _name(check: Check) -> str:
    return check.name.split(".")[1]


def _one(check: Check, width: int, style: Style) -> list[Row]:
    role = OUTCOME_ROLES[check.outcome]
    first = row(" ", (mark(check.outcome, style), role), f" {_name(check):<{width}}  ")
    return hanging(first, shown(check.summary, style, limit=600), style)


def _chain_rows(check: Check, style: Style) -> list[Row]:
    """Which term of SPF costs how many look-ups."""
    chain = check.facts.get("chain")
    rows: list[Row] = []
    for each in chain if isinstance(chain, Sequence) and not isinstance(chain, str) else ():
        if isinstance(each, Mapping):
            rows += _link_rows(each, style)
    return rows


def _link_rows(each: Mapping[str, Json], style: Style) -> list[Row]:
    depth = each.get("depth")
    indent = "  " * min(depth, 10) if isinstance(depth, int) else ""
    words = shown(str(each.get("term")), style)
    if each.get("void"):
        words += "  (finds nothing)"
    if each.get("unknown"):
        words += "  (depends on the mail)"
    first = row((f"     {each.get('lookups')!s:>3}  ", Role.ASIDE), indent)
    return hanging(first, words, style)


def _receiver_rows(rules: Sequence[Judged], style: Style, *, verbose: bool) -> list[Row]:
    rows: list[Row] = [BLANK, row(("what the big receivers will say", Role.TITLE))]
    names = [f"{each.receiver}, {each.senders}" for each in rules]
    width = max(map(cells, names), default=0)
    for each, name in zip(rules, names, strict=True):
        role = OUTCOME_ROLES[each.outcome]
        first = row(" ", (mark(each.outcome, style), role), f" {name:<{width}}  ")
        rows += hanging(first, _says(each), style)
        if verbose:
            rows += hanging(row("   "), f"{each.source}, {each.as_of}", style, Role.ASIDE)
    blind = list(dict.fromkeys(words for each in rules for words in each.unknown))
    if blind:
        said = f"not to be seen from here: {', '.join(blind)}"
        rows += hanging(row("   "), said, style, Role.ASIDE)
    return rows


def _says(rule: Judged) -> str:
    if rule.failed:
        return f"lacks {', '.join(rule.failed)}"
    if rule.outcome is Outcome.SKIPPED:
        return f"not known: {some_of(list(rule.unknown), 3)}"
    return "nothing is missing that can be seen"


def _diagnosis_rows(
    diagnosis: Diagnosis, report: DomainReport, style: Style, *, verbose: bool
) -> list[Row]:
    error = diagnosis.severity is Severity.ERROR
    label = (
        f"{diagnosis.severity.value}[{diagnosis.cause}]",
        Role.ERROR if error else Role.WARNING,
    )
    title = shown(diagnosis.title, style)
    rows = hanging(row(label, (": ", Role.TITLE)), title, style, Role.TITLE, hard=False, indent=7)
    rows += arrow_rows(diagnosis.stage, Place(endpoint=report.question.domain), style)
    role = Role.FAILED if error else Role.WARNED
    for each in diagnosis.evidence[:_EVIDENCE]:
        rows += quote_rows(Quote(each.text), style, role)
    sure = "" if diagnosis.confidence is Confidence.CERTAIN else f"({diagnosis.confidence}) "
    rows += labelled("why", f"{sure}{shown(diagnosis.why, style, limit=1200)}", style)
    records = report.publish.get(diagnosis.cause, ())
    for at, step in enumerate(diagnosis.help):
        owner = "" if at or step.startswith("(") else f"({OWNER_WORDS[diagnosis.owner]}) "
        rows += _step_rows("" if at else "fix", f"{owner}{step}", records, style)
    if verbose:
        for at, link in enumerate(diagnosis.references):
            rows += labelled("" if at else "see", shown(link, style), style)
    return rows


def _step_rows(label: str, step: str, records: Sequence[DnsRecord], style: Style) -> list[Row]:
    """A step of a fix; a record to publish stands on a row of its own, whole, to be copied."""
    record = next((each for each in records if each.line in step), None)
    if record is None:
        return labelled(label, shown(step, style, limit=800), style, indent=_INDENT)
    before, _, after = step.partition(record.line)
    rows = labelled(label, shown(before, style), style, indent=_INDENT)
    line = escape(record.line, limit=_LONGEST, ascii_only=not style.unicode)
    rows.append(row(" " * _INDENT, (line, Role.COMMAND)))
    return rows + (
        labelled("", shown(after, style), style, indent=_INDENT) if after.strip() else []
    )


def _verdict(report: DomainReport) -> Row:
    findings = report.findings
    time = run_time(report.elapsed_ms)
    if not findings:
        return row(("ready", Role.SUCCESS), f" in {time}: {report.question.domain}")
    failed = sum(check.outcome is Outcome.FAILED for check in findings)
    parts = [counted(failed, "error")] if failed else []
    parts += [counted(len(findings) - failed, "warning")] if len(findings) > failed else []
    role = Role.ERROR if failed else Role.WARNING
    said = counted(len(findings), "finding")
    return row((said, role), f" in {time}: {', '.join(parts)} (exit 1)")
