"""When each step of a run began and how long it took, on one scale for the whole run.

A step records how long it took, not when it began. The steps of a stage come one after the other,
so each begins where the one before it ended; where their times add up to more than the stage took,
some ran side by side, and none is shown to end after its stage. What is asked once the run is over
(`--tls deep`, `--confirm`) stands behind all stages.
"""

from __future__ import annotations

import math

from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import AFTER_QUIT, TLS_DEEP
from smtpcheck.model.value import dataclass

_FULL = ("━", "=")
_LATE = frozenset((*TLS_DEEP, *AFTER_QUIT))


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the run, both in milliseconds since its start."""

    start: float
    elapsed: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The bars of a run, in the order of its stages and steps."""

    total: float
    """Milliseconds of all stages and of what came behind them."""
    stages: tuple[Bar, ...]
    steps: tuple[tuple[Bar, ...], ...]
    """For each stage the bars of its steps."""


def waterfall(seen: Observations) -> Waterfall:
    """The bars of every stage that was recorded. A time that is no time counts as 0."""
    stages: list[Bar] = []
    steps: list[list[Bar]] = []
    begin = 0.0
    for stage in seen.stages:
        times = [_time(step.elapsed_ms) for step in stage.steps if step.step not in _LATE]
        whole = max([_time(stage.elapsed_ms), *times])
        stages.append(Bar(begin, whole))
        bars: list[Bar] = []
        at = begin
        for took in times:
            start = max(begin, min(at, begin + whole - took))
            bars.append(Bar(start, took))
            at = start + took
        steps.append(bars)
        begin += whole
    for stage, bars in zip(seen.stages, steps, strict=True):
        for n, step in enumerate(stage.steps):
            if step.step in _LATE:
                bars.insert(n, Bar(begin, _time(step.elapsed_ms)))
                begin += bars[n].elapsed
    return Waterfall(begin, tuple(stages), tuple(tuple(bars) for bars in steps))


def bar_text(bar: Bar, total: float, cells: int, *, unicode: bool) -> str:
    """The bar in `cells` columns, of which it fills at least one."""
    full = _FULL[0] if unicode else _FULL[1]
    scale = cells / total if total > 0 else 0.0
    first = min(cells - 1, int(bar.start * scale))
    last = min(cells, max(first + 1, math.ceil((bar.start + bar.elapsed) * scale - 0.5)))
    return f"{' ' * first}{full * (last - first)}{' ' * (cells - last)}"


def _time(milliseconds: float) -> float:
    return milliseconds if math.isfinite(milliseconds) and milliseconds > 0 else 0.0
