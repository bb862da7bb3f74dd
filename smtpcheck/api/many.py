"""Many targets, side by side, to one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import sleep
from typing import TYPE_CHECKING

import smtpcheck
from smtpcheck.api.job import Job, settings_of
from smtpcheck.api.judging import joined, report_of
from smtpcheck.api.probing import CUT_OFF, DISABLED, Ask, cut_off, probe_in_turns, probe_or_skip
from smtpcheck.model.errors import UsageError
from smtpcheck.model.observation import Observations
from smtpcheck.model.plan import PER_HOST
from smtpcheck.model.progress import TargetEnded, Watcher, nobody
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome

if TYPE_CHECKING:
    from smtpcheck.api.retrying import Attempts
    from smtpcheck.api.targets import Targets
    from smtpcheck.probe.recorder import Recorder

_MOST_WAITING = 1_000
"""Targets that may wait for another attempt with nobody holding them: each keeps what it saw in
memory. A further one keeps its thread busy."""
Each = Callable[[int, Report], None]
"""Takes the number of a target and a report of that target alone, as soon as it is done, in the
thread that probed it."""


def probe_many(
    jobs: Sequence[Job],
    *,
    at_once: int,
    per_host: int = PER_HOST,
    watcher: Watcher = nobody,
    ask: Ask | None = None,
    each: Each | None = None,
) -> Report:
    """Probes all targets, so many side by side and so many of them at one host, and joins them to
    one report in their order. `each` takes those that are done before the others.

    An interrupt (KeyboardInterrupt) ends the run: what was not reached is in the report as
    interrupted. Raises UsageError for a job that cannot be done as asked, before any is begun.
    """
    from smtpcheck.probe.recorder import Recorder

    started = datetime.now(UTC)
    if len(jobs) == 1:
        job = jobs[0]
        return report_of(started, [probe_or_skip(job, Recorder(job.target, watcher), ask)])
    from smtpcheck.api.retrying import in_turn
    from smtpcheck.api.targets import targets_of
    from smtpcheck.probe.host_queue import HostQueue
    from smtpcheck.probe.refused import Refused
    from smtpcheck.probe.side_by_side import work_off

    targets = targets_of(jobs)
    results = _Results(targets)
    refused = Refused()
    under_way: dict[int, tuple[Job, Recorder, Attempts]] = {}

    def begin(number: int) -> tuple[Job, Recorder, Attempts]:
        job = targets[number]
        recorder = Recorder(job.target, watcher)
        under_way[number] = job, recorder, probe_in_turns(job, recorder, ask, refused)
        return under_way[number]

    def work(number: int) -> float | None:
        """Until the target is done, or waits for another attempt: then the seconds."""
        job, recorder, run = under_way.get(number) or begin(number)
        try:
            pause = next(run)
            if len(under_way) < at_once + _MOST_WAITING:
                return pause.seconds
            sleep(pause.seconds)
            done = in_turn(run)
        except StopIteration as stop:
            done = stop.value
        except Exception as error:  # noqa: BLE001 - of thousands the others must not be lost
            done = _broken_off(job, recorder, error)
        if results.take(number, done) and each is not None:
            each(number, report_of(started, [done]))
        del under_way[number]
        watcher(TargetEnded(job.target, done.outcome is Outcome.FAILED))
        return None

    if not work_off(HostQueue(targets.hosts, per_host), work, min(at_once, len(targets))):
        for number, (job, recorder, _) in list(under_way.items()):
            results.take(number, cut_off(job, recorder))
    return results.report(started)


def _broken_off(job: Job, recorder: Recorder, error: Exception) -> TargetReport:
    """What is said of a target that cannot be probed after all: a file of its profile is gone, or
    this program has a defect."""
    if isinstance(error, UsageError):
        code, notes = ExitCode.USAGE, (error.message, *error.help)
    else:
        from traceback import extract_tb

        *_, place = extract_tb(error.__traceback__)
        said = f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"
        notes = (f"this is a defect of smtpcheck {smtpcheck.__version__}; report it: {said}",)
        code = ExitCode.DEFECT
    seen = Observations(settings_of(job), recorder.cut_short(), (), recorder.transcript)
    masked = tuple(recorder.masker.text(note) for note in notes)
    name = job.loaded.name
    return TargetReport(job.target, name, Outcome.FAILED, code, seen, notes=masked)


class _Results:
    """What came of the targets, and in which ways they ended."""

    def __init__(self, targets: Targets) -> None:
        from smtpcheck.store.spool import Spool

        self._targets = targets
        self._spool = Spool(len(targets), self._not_reached)
        self._ends: set[tuple[Outcome, int]] = set()

    def take(self, number: int, target: TargetReport) -> bool:
        """Whether it is the first word of this target, and not too late."""
        taken = self._spool.put(number, target)
        if taken:
            self._ends.add((target.outcome, target.exit_code))
        return taken

    def report(self, started: datetime) -> Report:
        """What is known until now; nothing more is taken."""
        self._spool.close()
        due = (n for n in range(len(self._spool)) if not self._spool.has(n))
        self._ends |= {(each.outcome, each.exit_code) for each in map(self._not_reached, due)}
        return joined(started, self._spool, self._ends)

    def _not_reached(self, number: int) -> TargetReport:
        name, profile = self._targets.names(number)
        outcome, code, note = Outcome.INTERRUPTED, ExitCode.INTERRUPTED, CUT_OFF
        if self._targets.is_disabled(number):
            outcome, code, note = Outcome.SKIPPED, ExitCode.OK, DISABLED
        return TargetReport(name, profile, outcome, code, Observations({}, ()), notes=(note,))
