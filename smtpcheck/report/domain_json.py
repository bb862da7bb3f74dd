"""What was found out about a domain, as JSON."""

from __future__ import annotations

import smtpcheck
from smtpcheck.model.domain import Check, DomainReport, Judged
from smtpcheck.model.jsonvalue import Json
from smtpcheck.report.json_report import SCHEMA, diagnosis_to_data, dump, plain

_KEYS = ("check", "area", "outcome", "summary")


def render_domain_json(report: DomainReport) -> str:
    """The report as one JSON document, in ASCII."""
    return dump(domain_to_data(report), indent=2) + "\n"


def domain_to_data(report: DomainReport) -> dict[str, Json]:
    """The report as plain values."""
    question = report.question
    return {
        "schema": SCHEMA,
        "tool": {"name": "smtpcheck", "version": smtpcheck.__version__},
        "domain": question.domain,
        "envelope": question.envelope,
        "profile": plain(report.profile),
        "provider": plain(question.provider),
        "exit_code": int(bool(report.findings)),
        "checks": [_check(each) for each in report.checks],
        "receivers": [_rule(each) for each in report.rules],
        "diagnoses": [diagnosis_to_data(each) for each in report.diagnoses],
        "publish": [
            {
                "cause": cause,
                "name": plain(record.name),
                "type": record.type,
                "value": plain(record.value),
                "line": plain(record.line),
            }
            for cause, records in report.publish.items()
            for record in records
        ],
        "notes": plain(report.notes),
        "elapsed_ms": round(report.elapsed_ms, 3),
    }


def _check(check: Check) -> dict[str, Json]:
    facts = {name: plain(value) for name, value in check.facts.items() if value is not None}
    return {
        "check": check.name,
        "area": check.area.value,
        "outcome": check.outcome.value,
        "summary": plain(check.summary),
        **{name: value for name, value in facts.items() if name not in _KEYS},
    }


def _rule(rule: Judged) -> dict[str, Json]:
    return {
        "receiver": rule.receiver,
        "senders": rule.senders,
        "outcome": rule.outcome.value,
        "lacks": list(rule.failed),
        "unknown": list(rule.unknown),
        "source": rule.source,
        "as_of": rule.as_of,
    }
