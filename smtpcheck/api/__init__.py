"""Where the parts meet: a target in, a report out. The public Python API."""

from __future__ import annotations

from smtpcheck.api.dry_run import DryRun, check_message, dry_run
from smtpcheck.api.job import Job, check_job, load_target, settings_of
from smtpcheck.api.judging import replay, report_of
from smtpcheck.api.knowledge import (
    RuleProof,
    cause_page,
    cause_pages,
    explain,
    explain_fully,
    explain_log,
    is_log,
    prove_rules,
)
from smtpcheck.api.many import Each, probe_many
from smtpcheck.api.precheck import look_at_secret, settings_findings
from smtpcheck.api.probing import Ask, probe

__all__ = [
    "Ask",
    "DryRun",
    "Each",
    "Job",
    "RuleProof",
    "cause_page",
    "cause_pages",
    "check_job",
    "check_message",
    "dry_run",
    "explain",
    "explain_fully",
    "explain_log",
    "is_log",
    "load_target",
    "look_at_secret",
    "probe",
    "probe_many",
    "prove_rules",
    "replay",
    "report_of",
    "settings_findings",
    "settings_of",
]
