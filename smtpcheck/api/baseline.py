"""A saved report that runs are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from smtpcheck.api.judging import judged
from smtpcheck.diagnosis.drift import Traits, changes, traits_of
from smtpcheck.diagnosis.verdict import verdict
from smtpcheck.model.diagnosis import Diagnosis, Severity
from smtpcheck.model.observation import Observations
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import ExitCode, Outcome


@dataclass(frozen=True, slots=True)
class Before:
    """What a baseline knows of one target."""

    file: str
    started: str
    traits: Traits | None
    """None: the target is not in it, or was not probed then."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A saved report, as far as runs are compared with it."""

    file: str
    started: str
    targets: Mapping[str, Traits]

    def of(self, target: str) -> Before:
        """What it knows of the target of this name."""
        return Before(self.file, self.started, self.targets.get(target))


def baseline_of(pieces: Iterator[bytes], file: str) -> Baseline:
    """The baseline in a report of `--format json`. Raises UsageError for anything else that is
    JSON, and ValueError or RecursionError for what is none."""
    from smtpcheck.report.json_pieces import SavedReport

    saved = SavedReport(pieces)
    probed = (each for each in saved.targets() if each.observations.stages)
    traits = {each.target: _traits(each) for each in probed}
    return Baseline(file, saved.started, traits)


def compare(before: Before, now: Observations) -> tuple[Observations, tuple[str, ...]]:
    """The run with what has changed since then, and what the reader must know of the comparison."""
    if before.traits is None:
        return now, (f"nothing to compare with: {before.file} has no run of this target",)
    outcome, code = verdict(now)
    diagnoses = judged(now) if outcome is Outcome.FAILED else ()
    traits = traits_of(now, outcome=_ending(outcome, code, now), cause=_cause(diagnoses))
    found = changes(before.traits, traits)
    watched = now.settings.get("expect.unchanged")
    listed = watched if isinstance(watched, (list, tuple)) else ()
    lost = [str(each) for each in listed if each not in before.traits or each not in traits]
    notes = (f"not compared, one of the two runs did not see it: {', '.join(lost)}",)
    seen = replace(now, baseline=before.started, drift=found)
    return seen, notes if lost else ()


def _traits(target: TargetReport) -> Traits:
    ending = _ending(target.outcome, target.exit_code, target.observations)
    return traits_of(target.observations, outcome=ending, cause=_cause(target.diagnoses))


def _ending(outcome: Outcome, code: int, seen: Observations) -> str:
    """`passed`, `failed at auth`, `failed an expectation`, `interrupted`."""
    if outcome is not Outcome.FAILED:
        return outcome.value
    if code == ExitCode.EXPECTATION:
        return "failed an expectation"
    failed = next((each for each in seen.stages if each.outcome is Outcome.FAILED), None)
    return f"failed at {failed.stage}" if failed else "failed"


def _cause(diagnoses: tuple[Diagnosis, ...]) -> str:
    return next((each.cause for each in diagnoses if each.severity is Severity.ERROR), "")
