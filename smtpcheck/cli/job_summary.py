"""Adds a report to the summary of a job of GitHub Actions, where the program runs in one."""

from __future__ import annotations

import os
from pathlib import Path

from smtpcheck.model.report import Report

VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file that GitHub reads the summary of the step from."""


def add_to_job_summary(report: Report) -> str:
    """Appends the report. Returns why that could not be done, or nothing."""
    from smtpcheck.report.github import job_summary
    from smtpcheck.report.troubles import PLAIN

    path = os.environ.get(VARIABLE, "")
    if not path:
        return ""
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(job_summary(report, PLAIN, already=file.tell()))
    except OSError as error:
        return f"cannot write {path}: {error.strerror}"
    return ""
