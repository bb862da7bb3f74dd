"""A report as JSON lines: one target a line, each of which can be read alone.

A line holds what `json` says of the target, and `schema`, `tool` and `started` of the run.
"""

from __future__ import annotations

from collections.abc import Iterator

from smtpcheck.model.report import Report
from smtpcheck.report.json_report import dump, run_to_data, target_to_data


def render_jsonl(report: Report) -> Iterator[str]:
    """A line for each target, in the order of the report."""
    run = run_to_data(report)
    for target in report.targets:
        yield dump({**run, **target_to_data(target)}) + "\n"
