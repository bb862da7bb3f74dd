"""The checks of a domain judged by the catalogue: each finding gets its cause, and the fix with the
record to publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from smtpcheck.catalog.cause import Catalog
from smtpcheck.catalog.flat import flat
from smtpcheck.catalog.matcher import best
from smtpcheck.diagnosis.placeholder import fill
from smtpcheck.model.diagnosis import Diagnosis, Evidence, Severity
from smtpcheck.model.domain import Area, Check, DnsRecord
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.stage import Outcome


def judge_checks(
    checks: Sequence[Check], settings: Facts, catalog: Catalog
) -> tuple[tuple[Diagnosis, ...], dict[str, tuple[DnsRecord, ...]]]:
    """The causes, errors first, each once; and by cause the records that mend it."""
    common = {**settings, **_kinds(checks)}
    found: dict[str, Diagnosis] = {}
    publish: dict[str, tuple[DnsRecord, ...]] = {}
    for check in checks:
        if check.outcome not in (Outcome.FAILED, Outcome.WARNED):
            continue
        made = _diagnosis(check, common, catalog)
        if made is None:
            continue
        known = found.get(made.cause)
        found[made.cause] = made if known is None else _together(known, made)
        if check.publish is not None:
            publish[made.cause] = (*publish.get(made.cause, ()), check.publish)
    order = sorted(found.values(), key=lambda each: each.severity is not Severity.ERROR)
    return tuple(order), publish


def step_of(check: Check) -> str:
    """The fact `step` of a check: `domain.dkim.key`, whatever the selector."""
    return ".".join(["domain", *check.name.split(".")[:2]])


def _kinds(checks: Iterable[Check]) -> dict[str, Json]:
    """What is wrong elsewhere, for rules that weigh several records: `domain.mx.records.kind`."""
    return {f"{step_of(each)}.kind": each.kind for each in checks if each.kind}


def _diagnosis(check: Check, common: Mapping[str, Json], catalog: Catalog) -> Diagnosis | None:
    facts: dict[str, Json] = {
        **common,
        **flat(check.facts),
        "step": step_of(check),
        "summary": check.summary,
    }
    match = best(facts, catalog)
    if match is None:
        return None
    cause, rule = match.cause, match.rule
    failed = check.outcome is Outcome.FAILED
    return Diagnosis(
        cause=cause.id,
        severity=cause.severity or (Severity.ERROR if failed else Severity.WARNING),
        title=cause.title,
        stage=check.area.value,
        confidence=rule.confidence,
        owner=rule.owner or cause.owner,
        retryable=cause.retryable if rule.retryable is None else rule.retryable,
        why=fill(rule.why or cause.why, facts),
        help=tuple(fill(step, facts) for step in rule.help or cause.help),
        evidence=(Evidence(0, _evidence(check)),),
        references=cause.references,
    )


def _evidence(check: Check) -> str:
    record, at = check.facts.get("record"), check.facts.get("at") or check.facts.get("domain")
    # Nobody reads a DKIM key.
    if isinstance(record, str) and isinstance(at, str) and check.area is not Area.DKIM:
        return f"{at}: {record}"
    return check.summary


def _together(known: Diagnosis, more: Diagnosis) -> Diagnosis:
    """One cause found twice: the worse of the two, with what both say."""
    severity = Severity.ERROR if Severity.ERROR in (known.severity, more.severity) else None
    steps = (*known.help, *(each for each in more.help if each not in known.help))
    told = (*known.evidence, *(each for each in more.evidence if each not in known.evidence))
    return replace(known, severity=severity or known.severity, help=steps, evidence=told)
