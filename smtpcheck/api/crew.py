"""The targets of one process: worked off in threads, each told as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import sleep
from typing import TYPE_CHECKING

import smtpcheck
from smtpcheck.api.job import Job, settings_of
from smtpcheck.api.probing import Ask, cut_off, probe_in_turns
from smtpcheck.api.retrying import in_turn
from smtpcheck.model.errors import UsageError
from smtpcheck.model.observation import Observations
from smtpcheck.model.progress import FewerAtOnce, Watcher, nobody
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.probe.recorder import Recorder
from smtpcheck.probe.refused import Refused
from smtpcheck.probe.side_by_side import work_off

if TYPE_CHECKING:
    from smtpcheck.api.retrying import Attempts
    from smtpcheck.probe.host_queue import HostQueue

_MOST_WAITING = 1_000
"""Targets that may wait for another attempt with nobody holding them: each keeps what it saw in
memory. A further one keeps its thread busy."""
_GARBAGE_LIMIT = 5_000
"""Objects after which garbage is looked for."""
Take = Callable[[int, TargetReport], None]
"""Takes the number of a target and its report, in the thread that probed it."""


def look_for_garbage() -> None:
    """The start of a process looks for none. Of thousands of targets what each leaves behind,
    TLS above all, would pile up to tens of megabytes; what is there already stays."""
    import gc

    gc.freeze()
    gc.enable()
    gc.set_threshold(_GARBAGE_LIMIT)


def probe_queue(
    jobs: Sequence[Job],
    queue: HostQueue,
    take: Take,
    *,
    at_once: int,
    watcher: Watcher = nobody,
    ask: Ask | None = None,
) -> bool:
    """Probes the jobs of the queue. Returns False after an interrupt (KeyboardInterrupt); what was
    under way then is taken as far as it came."""
    refused = Refused()
    under_way: dict[int, tuple[Job, Recorder, Attempts]] = {}

    def begin(number: int) -> tuple[Job, Recorder, Attempts]:
        job = jobs[number]
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
        take(number, done)
        del under_way[number]
        return None

    wanted = min(at_once, len(queue))
    if work_off(queue, work, wanted, lambda have: watcher(FewerAtOnce(have, wanted))):
        return True
    for number, (job, recorder, _) in list(under_way.items()):
        take(number, cut_off(job, recorder))
    return False


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
