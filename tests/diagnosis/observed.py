"""Observations in few words, and the small catalogue they are judged by."""

from __future__ import annotations

from pathlib import Path

from smtpcheck.catalog.cause import Catalog
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import Observations, StageResult, Step
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Event, Who


def sample_catalog() -> Catalog:
    """A handful of causes, so that tests of the machinery do not hang on the shipped ones."""
    return load_catalog(Path(__file__).parents[1] / "catalog" / "samples")


def step(name: str, outcome: Outcome = Outcome.PASSED, **facts: Json) -> Step:
    """A step; its facts as the probe writes them, nested."""
    return Step(name, outcome, 1.0, f"summary of {name}", facts)


def failed(name: str, **facts: Json) -> Step:
    """A failed step."""
    return step(name, Outcome.FAILED, **facts)


def warned(name: str, **facts: Json) -> Step:
    """A warned step."""
    return step(name, Outcome.WARNED, **facts)


def reply(code: int, enhanced: str, text: str, command: str = "AUTH", event: int = 1) -> Facts:
    """The facts of a reply of one line."""
    line = " ".join(part for part in (str(code), enhanced, text) if part)
    return {
        "code": code,
        "enhanced": enhanced,
        "text": text,
        "lines": [line],
        "command": command,
        "defects": [],
        "event": event,
    }


def run(*steps: Step, settings: Facts | None = None, said: tuple[str, ...] = ()) -> Observations:
    """A run with these steps, each in its stage; the server said these lines."""
    stages = []
    for stage in Stage:
        own = tuple(each for each in steps if each.step.startswith(f"{stage}."))
        if own:
            worst = next(
                (
                    outcome
                    for outcome in (Outcome.FAILED, Outcome.WARNED)
                    if any(each.outcome is outcome for each in own)
                ),
                Outcome.PASSED,
            )
            stages.append(StageResult(stage, worst, own))
    events = tuple(Event(n, 1.0, Who.SERVER, text) for n, text in enumerate(said, start=1))
    return Observations(settings or {}, tuple(stages), (), events)
