"""Many targets, side by side, to one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smtpcheck.api.job import Job
from smtpcheck.api.judging import joined, report_of
from smtpcheck.api.probing import CUT_OFF, DISABLED, Ask, probe_or_skip
from smtpcheck.model.observation import Observations
from smtpcheck.model.plan import PER_HOST
from smtpcheck.model.progress import TargetEnded, Watcher, nobody
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome

if TYPE_CHECKING:
    from smtpcheck.api.targets import Targets

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
    kept: bool = True,
    processes: int = 1,
) -> Report:
    """Probes all targets, so many side by side and so many of them at one host, and joins them to
    one report in their order. `each` takes those that are done before the others. `kept`: whether
    the report has these too; writing them down costs a tenth of a probe. `processes`: among how
    many the targets are shared out, where there are enough of them.

    An interrupt (KeyboardInterrupt) ends the run: what was not reached is in the report as
    interrupted. Raises UsageError for a job that cannot be done as asked, before any is begun.
    """
    started = datetime.now(UTC)
    if len(jobs) == 1:
        from smtpcheck.probe.recorder import Recorder

        job = jobs[0]
        return report_of(started, [probe_or_skip(job, Recorder(job.target, watcher), ask)])
    from smtpcheck.api.crew import probe_queue
    from smtpcheck.api.targets import targets_of
    from smtpcheck.probe.host_queue import HostQueue

    targets = targets_of(jobs)
    results = _Results(targets, kept=kept or each is None)

    def take(number: int, target: TargetReport, record: bytes | None = None) -> None:
        if results.take(number, target, record) and each is not None:
            each(number, report_of(started, [target]))
            results.told(number)
        watcher(TargetEnded(target.target, target.outcome is Outcome.FAILED))

    if processes > 1:
        from smtpcheck.api.workers import Workers, shared_out

        here, there = shared_out(targets, processes)
        share = -(-at_once // (1 + len(there)))
        with Workers(targets, there, take, at_once=share, per_host=per_host) as workers:
            finished = workers.start()
            if finished:
                queue = HostQueue(targets.hosts, per_host, sorted(here + workers.left))
                finished = (
                    probe_queue(targets, queue, take, at_once=share, watcher=watcher, ask=ask)
                    and workers.wait()
                )
            if not finished:
                workers.interrupt()
    else:
        queue = HostQueue(targets.hosts, per_host)
        probe_queue(targets, queue, take, at_once=at_once, watcher=watcher, ask=ask)
    return results.report(started)


class _Results:
    """What came of the targets, and in which ways they ended."""

    def __init__(self, targets: Targets, *, kept: bool) -> None:
        from smtpcheck.store.spool import Spool

        self._targets = targets
        self._kept = kept
        self._spool = Spool(len(targets), self._not_reached, on_disk=kept)
        self._ends: set[tuple[Outcome, int]] = set()

    def take(self, number: int, target: TargetReport, record: bytes | None) -> bool:
        """Whether it is the first word of this target, and not too late."""
        taken = self._spool.put(number, target, record)
        if taken:
            self._ends.add((target.outcome, target.exit_code))
        return taken

    def told(self, number: int) -> None:
        """The target has been taken by whoever wants to know it; until then an interrupt may let
        the report tell it."""
        if not self._kept:
            self._spool.drop(number)

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
