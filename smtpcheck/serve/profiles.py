"""The profiles that the exporter serves, read again when their files change.

Which they are is settled at the start: whoever can reach the exporter can have these probed and
nothing else. A file that cannot be used any more leaves the settings as they were.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence

from smtpcheck.api.credential import prompted
from smtpcheck.api.job import Job, check_job, load_target
from smtpcheck.model.errors import Problem, ProfileError, UsageError
from smtpcheck.model.plan import Plan
from smtpcheck.model.target import Named, ProfileFile, parse_target

_Stamp = tuple[int, int, int] | None
"""Time, size and number of a file; None where there is none."""


class _Served:
    """One profile."""

    __slots__ = ("fault", "job", "stamp")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stamp = _stamp(job)
        self.fault = ""
        """Why the file as it is now is not used."""


class Profiles:
    """By the name that they were given at the start. `changed` is told of each profile that was
    read again: its name, and what is wrong with it or nothing."""

    def __init__(
        self, targets: Sequence[str], plan: Plan, changed: Callable[[str, str], None]
    ) -> None:
        """Raises UsageError, or ProfileError with the problems of all files."""
        self._plan = plan
        self._changed = changed
        self._lock = threading.Lock()
        self._all: dict[str, _Served] = {}
        problems: list[Problem] = []
        for target in dict.fromkeys(targets):
            try:
                self._all[target] = _Served(self._read(target))
            except ProfileError as error:
                problems += error.problems
        if problems:
            raise ProfileError(problems)
        self.read_at = time.time()
        """When all files were last found to be usable, in seconds since 1970."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all, in the order in which they were given."""
        return tuple(self._all)

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong with the files that are not used as they are now."""
        return {name: each.fault for name, each in self._all.items() if each.fault}

    def job(self, name: str) -> Job | None:
        """The profile as its file is now; None for a name that is none."""
        served = self._all.get(name)
        if served is None:
            return None
        if _stamp(served.job) != served.stamp:
            self._read_again(name, served)
        return served.job

    def jobs(self) -> list[Job]:
        """All of them as their files are now."""
        return [job for name in self._all if (job := self.job(name)) is not None]

    def reload(self) -> bool:
        """Reads every file. Returns whether all could be used."""
        for name, served in self._all.items():
            self._read_again(name, served, every=True)
        return not self.faults

    def _read_again(self, name: str, served: _Served, *, every: bool = False) -> None:
        with self._lock:
            stamp = _stamp(served.job)
            if stamp == served.stamp and not every:
                return  # another thread has read it
            try:
                served.job, fault = self._read(name), ""
            except UsageError as error:
                fault = _words(error)
            told = fault != served.fault or stamp != served.stamp
            served.stamp, served.fault = stamp, fault
            if not self.faults:
                self.read_at = time.time()
        if told:
            self._changed(name, fault)

    def _read(self, target: str) -> Job:
        """Raises UsageError for what cannot be probed without anybody."""
        _must_be_a_profile(target)
        job = load_target(target, plan=self._plan)
        if job.loaded.path is None:
            raise _no_profile(target)
        check_job(job)
        asked = prompted(job.loaded.profile) if job.loaded.profile.enabled else ()
        if asked:
            change = f"smtpcheck profile set {target} {asked[0]}"
            raise UsageError(
                f"{target}: {asked[0]} is to be typed, and nobody sits at an exporter",
                [
                    f"keep it in the keyring: {change} '{{keyring=true}}'",
                    f"or in a file: {change} '{{file=\"PATH\"}}'",
                ],
            )
        return job


def _must_be_a_profile(target: str) -> None:
    parsed = parse_target(target)
    if not isinstance(parsed, (Named, ProfileFile)):
        raise _no_profile(target)
    if isinstance(parsed, Named):
        from smtpcheck.store.profile_reader import locate

        locate(parsed.name)


def _no_profile(target: str) -> UsageError:
    return UsageError(
        f"{target} is no profile: an exporter probes profiles alone",
        [f"make one: smtpcheck profile init NAME --host {target}"],
    )


def _stamp(job: Job) -> _Stamp:
    try:
        found = os.stat(job.loaded.path or "")  # noqa: PTH116 - a third of the time, at every probe
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _words(error: UsageError) -> str:
    """On one line; a problem says nothing of a value that may be a secret."""
    if not isinstance(error, ProfileError):
        return error.message
    first = error.problems[0]
    more = len(error.problems) - 1
    where = f"{first.file}:{first.line}" if first.line else first.file
    return f"{where}: {first.message}" + (f" (and {more} more)" if more else "")
