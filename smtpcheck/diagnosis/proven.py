"""What experiments proved, as changes of the diagnosis that the run stands behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from smtpcheck.model.diagnosis import Change, Diagnosis, Evidence, Severity
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.stage import Outcome


def with_proof(diagnoses: Sequence[Diagnosis], observations: Observations) -> tuple[Diagnosis, ...]:
    """The diagnoses, the first error with the changes of the first experiment that got past the
    failed step. They take the place of what the catalogue proposes for the same table of the
    profile: that was a guess."""
    first = next((each for each in diagnoses if each.severity is Severity.ERROR), None)
    proof = next((each for each in observations.experiments if proved(each)), None)
    if first is None or proof is None:
        return tuple(diagnoses)
    changes = proved(proof)
    tables = {change.key.partition(".")[0] for change in changes}
    kept = [each for each in first.changes if each.key.partition(".")[0] not in tables]
    better = replace(
        first,
        changes=(*changes, *kept),
        evidence=(*first.evidence, _evidence(proof, observations)),
    )
    return tuple(better if each is first else each for each in diagnoses)


def proved(result: ExperimentResult) -> tuple[Change, ...]:
    """The changes that a result proves, all of them together; none where it did not pass."""
    listed = result.facts.get("changes")
    if result.outcome is not Outcome.PASSED or not isinstance(listed, list | tuple):
        return ()
    return tuple(
        Change(key, each.get("value"), verified=True)
        for each in listed
        if isinstance(each, Mapping) and isinstance(key := each.get("key"), str)
    )


def _evidence(result: ExperimentResult, observations: Observations) -> Evidence:
    """The note in the conversation, or the result in words."""
    number = result.facts.get("event")
    event = next((each for each in observations.transcript if each.n == number), None)
    if event is not None:
        return Evidence(event.n, f"{event.who} {event.text}")
    return Evidence(0, f"experiment {result.name}: {result.summary}")
