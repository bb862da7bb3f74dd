"""Facts of steps as the types a renderer needs; a saved report may hold anything, so a fact of
another type counts as absent.

A name is looked for as it stands and then as a path: `reply.code` is `code` in the table `reply`.
"""

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


def fact(facts: Facts, name: str) -> Json:
    """The value of that name; None where there is none."""
    if name in facts:
        return facts[name]
    table, dot, rest = name.partition(".")
    inner = facts.get(table)
    return fact(inner, rest) if dot and isinstance(inner, Mapping) else None


def text_of(facts: Facts, name: str) -> str:
    """A fact that is a string; else the empty string."""
    value = fact(facts, name)
    return value if isinstance(value, str) else ""


def number_of(facts: Facts, name: str) -> float | None:
    """A fact that is a number; else None."""
    value = fact(facts, name)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


def whole_of(facts: Facts, name: str) -> int:
    """A fact that is a whole number; else 0."""
    value = fact(facts, name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def texts_of(facts: Facts, name: str) -> list[str]:
    """The strings of a fact that is a list."""
    return [each for each in _list_of(facts, name) if isinstance(each, str)]


def tables_of(facts: Facts, name: str) -> list[Facts]:
    """The tables of a fact that is a list of tables."""
    return [each for each in _list_of(facts, name) if isinstance(each, Mapping)]


def table_of(facts: Facts, name: str) -> Facts:
    """A fact that is a table; else an empty one."""
    value = fact(facts, name)
    return value if isinstance(value, Mapping) else NOTHING


def _list_of(facts: Facts, name: str) -> Sequence[Json]:
    value = fact(facts, name)
    return () if isinstance(value, str) or not isinstance(value, Sequence) else value
