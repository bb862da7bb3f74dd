"""Makes the experiments that are chosen after a failure, round by round, within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from smtpcheck.diagnosis.experiment import (
    AskTls,
    Compare,
    Experiment,
    LookUp,
    OwnSender,
    SpeakTls,
    TryWay,
)
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.experiment_compare import compare_clock, compare_names
from smtpcheck.probe.experiment_dns import look_up_otherwise
from smtpcheck.probe.experiment_mail import try_own_sender
from smtpcheck.probe.experiment_offer import ask_tls
from smtpcheck.probe.experiment_socket import speak_tls
from smtpcheck.probe.experiment_way import try_way
from smtpcheck.probe.run import Run
from smtpcheck.probe.side_by_side import side_by_side

SECONDS = 10.0
"""That all experiments of a run may take together."""
ROUNDS = 6
"""Far more than there are; a bound all the same."""
AT_ONCE = 4
Choose = Callable[[Observations], Sequence[Experiment]]


def make_experiments(
    run: Run, observations: Observations, choose: Choose
) -> tuple[ExperimentResult, ...]:
    """Every experiment that `choose` names, asked again after each round with the results so far.

    Nothing new begins after the time is up or a server answered 421. What was named and not made
    is there as skipped. KeyboardInterrupt passes through.
    """
    deadline = run.deadline.within(SECONDS)
    stop = threading.Event()
    made: list[ExperimentResult] = []
    for _ in range(ROUNDS):
        chosen = choose(replace(observations, experiments=tuple(made)))
        if not chosen or deadline.expired or stop.is_set():
            break
        made += _round(run, replace(observations, experiments=tuple(made)), chosen, deadline, stop)
    return tuple(made)


def repeated(run: Run, earlier: Sequence[ExperimentResult]) -> tuple[ExperimentResult, ...]:
    """What was found out after the same failure before, as part of this conversation."""
    return tuple(_noted(run, each, " (found at an earlier probe)") for each in earlier)


def _round(
    run: Run,
    observations: Observations,
    chosen: Sequence[Experiment],
    deadline: Deadline,
    stop: threading.Event,
) -> list[ExperimentResult]:
    """What speaks on the run's own connection first, alone; then the rest side by side."""
    own = [each for each in chosen if isinstance(each, SpeakTls | OwnSender)]
    rest = [each for each in chosen if each not in own]
    results = [_make(run, observations, each, deadline, stop) for each in own]
    works = [partial(_make, run, observations, each, deadline, stop) for each in rest]
    if works:
        for result in side_by_side(works, AT_ONCE):
            if result is None:
                raise KeyboardInterrupt
            results.append(result)
    order = [each.name for each in chosen]
    results.sort(key=lambda each: order.index(each.name))
    return [_noted(run, each) for each in results]


def _make(
    run: Run,
    observations: Observations,
    experiment: Experiment,
    deadline: Deadline,
    stop: threading.Event,
) -> ExperimentResult:
    if stop.is_set() or deadline.expired:
        said = "not made: the server asked to be left alone" if stop.is_set() else "no time left"
        return ExperimentResult(experiment.name, Outcome.SKIPPED, said, 0.0)
    match experiment:
        case TryWay():
            return try_way(run, experiment, deadline, stop)
        case AskTls():
            return ask_tls(run, experiment, deadline, stop)
        case SpeakTls():
            return speak_tls(run, experiment, deadline, stop)
        case OwnSender():
            return try_own_sender(run, experiment, deadline)
        case LookUp():
            return look_up_otherwise(run, experiment, deadline)
        case Compare(name="clock"):
            return compare_clock(observations)
        case Compare():
            return compare_names(observations)


def _noted(run: Run, result: ExperimentResult, when: str = "") -> ExperimentResult:
    """Writes the result into the conversation, and keeps where."""
    told = f"experiment {result.name}: {result.outcome}: {result.summary}{when}"
    event = run.recorder.note(told)
    return replace(result, facts={**result.facts, "event": event})
