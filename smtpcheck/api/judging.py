"""What was seen, judged: now, or again from a saved report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Observations
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome

_reading = Lock()
"""Targets that fail side by side read the catalogue once, not each for itself."""


def judged(observations: Observations) -> tuple[Diagnosis, ...]:
    """Where every step passed and every expectation is met there is nothing to judge, and the
    catalogue is not even read."""
    from smtpcheck.diagnosis.verdict import verdict

    quiet = (Outcome.PASSED, Outcome.SKIPPED)
    calm = all(step.outcome in quiet for stage in observations.stages for step in stage.steps)
    if calm and verdict(observations)[1] != ExitCode.EXPECTATION:
        return ()
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.judge import judge

    with _reading:
        catalog = load_catalog()
    return judge(observations, catalog)


def report_of(started: datetime, targets: Iterable[TargetReport]) -> Report:
    """Joins targets to a report with one verdict."""
    every = tuple(targets)
    return joined(started, every, {(each.outcome, each.exit_code) for each in every})


def joined(
    started: datetime, targets: Sequence[TargetReport], ends: Collection[tuple[Outcome, int]]
) -> Report:
    """The same of targets that are not looked at: `ends` are the ways in which they ended."""
    from smtpcheck.diagnosis.verdict import combine

    outcomes = {outcome for outcome, _ in ends}
    worst = (Outcome.INTERRUPTED, Outcome.FAILED, Outcome.PASSED)
    return Report(
        started=started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        outcome=next((each for each in worst if each in outcomes), Outcome.SKIPPED),
        exit_code=ExitCode.INTERRUPTED
        if Outcome.INTERRUPTED in outcomes
        else combine(code for _, code in ends),
        targets=targets,
    )


def replay(data: Json) -> Report:
    """A saved report, judged again with today's catalogue. Raises UsageError for data that is no
    report."""
    from smtpcheck.diagnosis.verdict import verdict
    from smtpcheck.report.json_reading import report_from_data

    saved = report_from_data(data)
    targets = []
    for target in saved.targets:
        if target.observations.stages:
            outcome, code = verdict(target.observations)
            diagnoses = judged(target.observations)
            target = replace(target, outcome=outcome, exit_code=code, diagnoses=diagnoses)  # noqa: PLW2901 - the same target
        targets.append(target)
    return replace(report_of(datetime.now(UTC), targets), started=saved.started)
