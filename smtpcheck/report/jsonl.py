"""A report as JSON lines: one target a line, each of which can be read alone.

A line holds what `json` says of the target, and `schema`, `tool` and `started` of the run.
"""

from __future__ import annotations

from smtpcheck.model.report import Report
from smtpcheck.report.json_report import dump, report_to_data


def render_jsonl(report: Report) -> str:
    """A line for each target, in the order of the report."""
    data = report_to_data(report)
    run = {name: data[name] for name in ("schema", "tool", "started")}
    targets = data["targets"]
    lines = targets if isinstance(targets, list) else []
    return "".join(dump({**run, **line}) + "\n" for line in lines if isinstance(line, dict))
