"""The step send.score: what a spam filter of this machine makes of the message that was sent."""

from __future__ import annotations

from smtpcheck.model.arrival import NoScore
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run

_SHOWN = 3


def score_step(run: Run) -> Ended:
    """send.score: behind QUIT, so that no server waits for it"""
    if run.score is None or run.letterbox is None:
        raise RuntimeError("there is nothing to score")
    found = run.score(run.letterbox.message, run.deadline.remaining())
    if isinstance(found, NoScore):
        run.note(f"no spam score: {found.reason}")
        return Ended.skipped(found.reason)
    facts: dict[str, Json] = {
        "program": found.program,
        "score": found.score,
        "required": found.required,
        "symbols": [{"name": name, "points": points} for name, points in found.symbols],
    }
    heaviest = ", ".join(f"{name} {points:g}" for name, points in found.symbols[:_SHOWN])
    said = f"{found.program} gives {found.score:g} of {found.required:g} points"
    summary = f"{said}: {heaviest}" if heaviest else said
    spam = found.score >= found.required
    return Ended(Outcome.WARNED if spam else Outcome.PASSED, summary, {**facts, "spam": spam})
