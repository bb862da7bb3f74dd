"""Facts of steps as the types a renderer needs; a saved report may hold anything, so a fact of
another type counts as absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import Observations, StageResult, Step
from smtpcheck.model.stage import Stage

NOTHING: Facts = {}


def step_of(stage: StageResult | None, name: str) -> Step | None:
    """The step of that name, or None."""
    if stage is None:
        return None
    return next((step for step in stage.steps if step.step == name), None)


def facts_of(stage: StageResult | None, name: str) -> Facts:
    """The facts of the step of that name; none when there is no such step."""
    step = step_of(stage, name)
    return step.facts if step else NOTHING


def stage_of(observations: Observations, stage: Stage) -> StageResult | None:
    """That stage's result, or None where the run did not get so far."""
    return next((each for each in observations.stages if each.stage is stage), None)


def text_of(facts: Mapping[str, Json], name: str) -> str:
    """A fact that is a string; else the empty string."""
    value = facts.get(name)
    return value if isinstance(value, str) else ""


def number_of(facts: Mapping[str, Json], name: str) -> float | None:
    """A fact that is a number; else None."""
    value = facts.get(name)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


def whole_of(facts: Mapping[str, Json], name: str) -> int:
    """A fact that is a whole number; else 0."""
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def texts_of(facts: Mapping[str, Json], name: str) -> list[str]:
    """The strings of a fact that is a list."""
    value = facts.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [each for each in value if isinstance(each, str)]


def tables_of(facts: Mapping[str, Json], name: str) -> list[Facts]:
    """The tables of a fact that is a list of tables."""
    value = facts.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [each for each in value if isinstance(each, Mapping)]


def table_of(facts: Mapping[str, Json], name: str) -> Facts:
    """A fact that is a table; else an empty one."""
    value = facts.get(name)
    return value if isinstance(value, Mapping) else NOTHING
