"""Experiments after a failure: made once, and kept while nothing changes."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from smtpcheck.api import proofs as module
from smtpcheck.api.job import load_target
from smtpcheck.api.proofs import Proofs
from smtpcheck.model.observation import ExperimentResult, Observations, StageResult, Step
from smtpcheck.model.plan import Plan
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.sandbox.received import Talk
from smtpcheck.sandbox.scenario import find_scenario
from smtpcheck.sandbox.server import Sandbox
from tests.serve.exporting import World

MADE = (ExperimentResult("other-port", Outcome.PASSED, "465 answers", 1.0),)


def failed(step: str) -> Observations:
    failing = Step(step, Outcome.FAILED, 1.0, "no")
    return Observations({}, (StageResult(Stage.TCP, Outcome.FAILED, (failing,)),))


def test_a_proof_is_of_one_failure_of_one_profile_for_some_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    proofs = Proofs(lambda: now[0])
    job = load_target("mail.example.com:587", plan=Plan())
    seen = failed("tcp.connect")
    assert proofs.known(job, seen, ()) is None
    proofs.keep(job, seen, (), (replace(MADE[0], outcome=Outcome.SKIPPED),))
    assert proofs.known(job, seen, ()) is None, "one was left out"
    proofs.keep(job, seen, (), MADE)
    assert proofs.known(job, seen, ()) == MADE
    assert proofs.known(job, failed("tcp.greeting"), ()) is None
    again = load_target("mail.example.com:587", plan=Plan())
    assert proofs.known(again, seen, ()) is None, "the profile was read again"
    now[0] = module.SECONDS
    assert proofs.known(job, seen, ()) is None
    proofs.keep(job, seen, (), MADE)
    proofs.forget(job)
    assert proofs.known(job, seen, ()) is None


def test_a_target_that_fails_as_before_costs_one_connection(world: World) -> None:
    talks: list[Talk] = []
    lock = threading.Lock()

    def told(talk: Talk) -> None:
        with lock:
            talks.append(talk)

    with Sandbox(scenario=find_scenario("old-tls"), on_event=told) as server:
        path = world.write("late", server, server.password)
        with world.serving(path, experiments=True, debug=True) as client:
            first = client.probe(path)
            before = len({talk.connection for talk in talks})
            again = client.probe(path)
            debug = client.probe(path, "&debug=true")
            after = len({talk.connection for talk in talks})
    assert before > 1, "no experiment was made at all"
    assert after - before == 2
    assert again.causes() == first.causes() != set()
    assert "found at an earlier probe" in debug.text
