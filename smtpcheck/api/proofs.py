"""What earlier probes of one process found out after the same failure.

Whoever probes every minute would otherwise make the same further connections every minute, to a
server that is in trouble already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from smtpcheck.api.job import Job
from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.store.origin import LoadedProfile

SECONDS = 900.0
"""For which a proof is good: what was true of a server may not be so for ever."""


@dataclass(frozen=True, slots=True)
class _Proof:
    loaded: LoadedProfile
    failure: tuple[str, ...]
    made: tuple[ExperimentResult, ...]
    until: float


class Proofs:
    """By target and last stage. The profile as it was loaded is part of the question: a changed
    one is asked anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._all: dict[tuple[str, str], _Proof] = {}

    def known(
        self, job: Job, seen: Observations, diagnoses: Sequence[Diagnosis]
    ) -> tuple[ExperimentResult, ...] | None:
        """The experiments made when this target last failed in this way; None: they are to be
        made. `seen` and `diagnoses` are those without any."""
        with self._lock:
            proof = self._all.get(_key(job))
        if proof is None or proof.loaded is not job.loaded or proof.until <= self._clock():
            return None
        return proof.made if proof.failure == _failure(seen, diagnoses) else None

    def keep(
        self,
        job: Job,
        seen: Observations,
        diagnoses: Sequence[Diagnosis],
        made: tuple[ExperimentResult, ...],
    ) -> None:
        """Unless one of them was left out, for which there may be time at the next probe."""
        if any(each.outcome is Outcome.SKIPPED for each in made):
            return
        until = self._clock() + SECONDS
        with self._lock:
            self._all[_key(job)] = _Proof(job.loaded, _failure(seen, diagnoses), made, until)

    def forget(self, job: Job) -> None:
        """The target passed: its next failure is a new one."""
        with self._lock:
            self._all.pop(_key(job), None)


def _key(job: Job) -> tuple[str, str]:
    return job.target, job.plan.until


def _failure(seen: Observations, diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    """The first step that failed, and what it looks like at first sight."""
    steps = [stage.failed_step for stage in seen.stages]
    first = next((step.step for step in steps if step is not None), "")
    return (first, *(each.cause for each in diagnoses))
