"""Attempts at one target, with a clock that is set by hand."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from smtpcheck.api import probe_many
from smtpcheck.api.retrying import Turn, attempts, in_turn
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.judge import judge
from smtpcheck.diagnosis.verdict import verdict
from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.observation import Observations, Step
from smtpcheck.model.plan import Plan
from smtpcheck.model.progress import Progress, StageStarted, Waiting
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Stage
from smtpcheck.probe.recorder import Recorder
from tests.diagnosis.observed import failed, reply, run, step
from tests.pki import TestPki
from tests.scripted.server import ScriptedServer
from tests.test_api import job, logins

CONNECT = step("tcp.connect", address="192.0.2.7", family="ipv4")
BUSY = failed("tcp.greeting", reply=reply(421, "4.3.2", "busy", "CONNECT"))
GREYLISTED = failed("send.rcpt", reply=reply(450, "4.2.0", "Greylisted", "RCPT"))
SOON = failed("send.rcpt", reply=reply(450, "4.2.0", "Greylisted for 90 seconds", "RCPT"))
REFUSED = failed("send.rcpt", reply=reply(550, "5.1.1", "no such user", "RCPT"))
PASSED = step("send.quit")
TOO_BUSY = "S: 421 4.3.2 too busy"


def judged(seen: Observations) -> tuple[Diagnosis, ...]:
    return judge(seen, load_catalog())


class World:
    """A server that answers each attempt with the next of these steps, and takes `took` seconds for
    it; a clock and a sleep."""

    def __init__(self, *ends: Step, took: float = 0.5, late: float = 0, stop_at: int = 0) -> None:
        self.ends = list(ends)
        self.took = took
        self.late = late
        self.now = 1000.0
        self.slept: list[float] = []
        self.turns: list[Turn] = []
        self.later: list[bool] = []
        self.seen: list[Progress] = []
        self.stop_at = stop_at
        self.recorder = Recorder("t", self.seen.append, self.clock)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) == self.stop_at:
            raise KeyboardInterrupt
        self.now += seconds + self.late

    def attempt(self, turn: Turn) -> TargetReport:
        self.turns.append(turn)
        self.now += self.took
        seen = run(CONNECT, self.ends[len(self.turns) - 1])
        outcome, code = verdict(seen)
        if code and turn.again is not None:
            self.later.append(turn.again(seen))
        return TargetReport("t", None, outcome, code, seen, judged(seen) if code else ())

    def run(self, plan: Plan, chance: float = 0.0) -> TargetReport:
        made = attempts(
            plan, self.recorder, self.attempt, judged, clock=self.clock, chance=lambda: chance
        )
        return in_turn(made, self.sleep)


def test_a_run_that_passes_at_once_says_nothing_of_attempts() -> None:
    world = World(PASSED)
    report = world.run(Plan(retries=3))
    assert (report.exit_code, report.attempts, report.notes) == (0, (), ())
    assert world.slept == []


def test_a_run_that_passes_later_passes_and_keeps_what_came_before() -> None:
    world = World(BUSY, BUSY, PASSED)
    report = world.run(Plan(retries=2))
    assert (report.outcome, report.exit_code) == ("passed", 0)
    assert [each.exit_code for each in report.attempts] == [75, 75, 0]
    assert [each.cause for each in report.attempts] == ["greeting-busy", "greeting-busy", ""]
    assert [each.waited_ms for each in report.attempts] == [0, 5_000, 10_000]
    assert report.notes == ("tried 3 times, with 15 s of waiting; before this: greeting-busy",)


def test_waits_grow_and_chance_makes_them_longer_only() -> None:
    world = World(BUSY, BUSY, BUSY)
    world.run(Plan(retries=2), chance=1.0)
    assert world.slept == pytest.approx([6, 12])


@pytest.mark.parametrize(
    ("end", "plan", "wait"),
    [
        (GREYLISTED, Plan(retries=1, deadline=3600), 300),
        (GREYLISTED, Plan(retries=1, deadline=3600, retry_wait=2.0), 2),
        (SOON, Plan(retries=1, deadline=3600, retry_wait=2.0), 91),
        (BUSY, Plan(retries=1, retry_wait=0.0), 0),
    ],
)
def test_the_server_s_words_win_over_the_option_and_the_option_over_the_cause(
    end: Step, plan: Plan, wait: float
) -> None:
    world = World(end, PASSED)
    assert world.run(plan).exit_code == 0
    assert world.slept == [wait]


def test_the_last_attempt_decides() -> None:
    later = World(GREYLISTED, REFUSED).run(Plan(retries=5, retry_wait=1.0))
    assert (later.exit_code, len(later.attempts)) == (14, 2)
    always = World(BUSY, BUSY, BUSY).run(Plan(retries=2))
    assert (always.exit_code, len(always.attempts)) == (75, 3)
    assert "tried 3 times" in always.notes[0]


def test_a_permanent_failure_is_not_tried_again() -> None:
    world = World(REFUSED)
    report = world.run(Plan(retries=5))
    assert (report.exit_code, report.attempts, report.notes) == (14, (), ())


def test_only_the_attempt_that_is_the_last_may_look_further() -> None:
    world = World(BUSY, BUSY, BUSY)
    world.run(Plan(retries=2))
    assert world.later == [True, True, False]
    world = World(BUSY)
    world.run(Plan(retries=2, deadline=3.0))
    assert world.later == [False]


def test_a_wait_that_does_not_fit_is_not_begun_and_the_deadline_that_does_is_told() -> None:
    world = World(SOON)
    report = world.run(Plan(retries=2))
    assert (report.exit_code, world.slept) == (75, [])
    (note,) = report.notes
    assert "the server asks for a wait of 90 s" in note
    assert "the deadline of 60 s comes first; --deadline 130 has room" in note
    world = World(SOON, PASSED)
    assert world.run(Plan(retries=2, deadline=130), chance=1.0).exit_code == 0


def test_a_wait_longer_than_any_run_is_told_as_such() -> None:
    hours = failed("send.rcpt", reply=reply(450, "4.2.0", "Greylisted for 9 hours", "RCPT"))
    report = World(hours).run(Plan(retries=1, deadline=3600))
    assert "longer than one run may last" in report.notes[0]
    assert "--deadline" not in report.notes[0]


def test_the_deadline_holds_for_all_attempts_together() -> None:
    world = World(*[BUSY] * 20, took=4.0)
    report = world.run(Plan(retries=19, deadline=60), chance=1.0)
    assert world.now - 1000 <= 60
    assert [turn.seconds for turn in world.turns] == sorted(
        (turn.seconds for turn in world.turns), reverse=True
    )
    assert world.turns[0].seconds == 60
    assert "the deadline of 60 s comes first" in report.notes[-1]


def test_an_attempt_is_given_no_less_time_than_the_one_before_it_took() -> None:
    slow = World(BUSY, took=40.0)
    assert slow.run(Plan(retries=1)).attempts == ()
    assert slow.slept == []


def test_whoever_comes_back_after_the_deadline_ends_the_run() -> None:
    world = World(BUSY, PASSED, late=100)
    report = world.run(Plan(retries=1))
    assert (report.exit_code, len(world.turns)) == (75, 1)
    assert "the deadline of 60 s comes first" in report.notes[-1]


def test_a_greylisting_server_is_asked_from_the_same_address_again() -> None:
    world = World(BUSY, GREYLISTED, PASSED)
    world.run(Plan(retries=2, retry_wait=1.0))
    assert [turn.peer for turn in world.turns] == ["", "", "192.0.2.7"]


def test_an_interrupt_while_waiting_ends_with_the_report_of_what_is_known() -> None:
    world = World(GREYLISTED, PASSED, stop_at=1)
    report = world.run(Plan(retries=1, deadline=3600))
    assert (report.outcome, report.exit_code) == ("interrupted", 130)
    assert report.diagnoses[0].cause == "greylisted"
    assert [each.exit_code for each in report.attempts] == [75]
    assert report.notes == ("interrupted while waiting for attempt 2",)
    assert len(world.turns) == 1


def test_whoever_watches_is_told_of_the_wait() -> None:
    world = World(GREYLISTED, PASSED)
    world.run(Plan(retries=4, deadline=3600))
    assert world.seen == [Waiting("t", 300.0, 2, 5, "greylisted")]


def with_retries(sleeps: list[float], monkeypatch: pytest.MonkeyPatch) -> Callable[[Plan], Plan]:
    """No test waits in earnest."""
    monkeypatch.setattr("smtpcheck.api.retrying.sleep", sleeps.append)
    return lambda plan: replace(plan, retries=2, retry_wait=1.0, deadline=30.0)


def test_of_several_targets_that_wait_an_interrupt_tells_what_is_known(pki: TestPki) -> None:
    waiting: list[str] = []

    def watch(progress: Progress) -> None:
        if isinstance(progress, Waiting):
            waiting.append(progress.target)
            if len(waiting) == 2:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    plan = Plan(retries=2, retry_wait=100.0, deadline=600, experiments=False)
    with ScriptedServer(TOO_BUSY, pki, strict=False) as server:
        jobs = [replace(job(server, pki, name=name), plan=plan) for name in ("one", "two")]
        report = probe_many(jobs, at_once=2, watcher=watch)
    assert report.exit_code == 130
    for target in report.targets:
        assert (target.outcome, target.exit_code) == ("interrupted", 130)
        assert target.diagnoses[0].cause == "greeting-busy"
        assert "interrupted while waiting for attempt 2" in target.notes
        assert [each.exit_code for each in target.attempts] == [75]


@pytest.mark.parametrize("most", [0, 1000])
def test_a_target_that_waits_leaves_its_thread_to_another(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Beyond so many that wait, it keeps it."""
    monkeypatch.setattr("smtpcheck.api.crew._MOST_WAITING", most)
    begun: list[str] = []

    def watch(progress: Progress) -> None:
        if isinstance(progress, StageStarted) and progress.stage is Stage.DNS:
            begun.append(progress.target)

    plan = Plan(retries=1, retry_wait=1.0, deadline=60, experiments=False)
    with ScriptedServer(TOO_BUSY, pki, strict=False) as server:
        jobs = [replace(job(server, pki, name=name), plan=plan) for name in ("one", "two")]
        report = probe_many(jobs, at_once=1, watcher=watch)
    assert [len(target.attempts) for target in report.targets] == [2, 2]
    assert begun[:2] == (["one", "two"] if most else ["one", "one"])
    assert sorted(begun) == ["one", "one", "two", "two"]


@pytest.mark.parametrize(
    ("text", "tried"),
    [
        ("!: include parts/starttls.smtp\nC: AUTH\nS: 535 5.7.8 wrong password\n", 1),
        ("!: include parts/starttls.smtp\nC: AUTH\nS: 454 4.7.0 not now\n", 3),
        ("!: include parts/starttls.smtp\nC: AUTH\n!: close\n", 1),
    ],
)
def test_a_login_is_tried_again_only_where_nobody_can_have_refused_it(
    pki: TestPki, text: str, tried: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps: list[float] = []
    patient = with_retries(sleeps, monkeypatch)
    with ScriptedServer(text, pki, strict=False) as server:
        made = job(server, pki)
        report = probe_many([replace(made, plan=patient(made.plan))], at_once=1)
        assert logins(server) == tried
    assert len(sleeps) == tried - 1
    assert len(report.targets[0].attempts) == (tried if tried > 1 else 0)


@pytest.mark.parametrize(
    ("end", "messages"),
    [
        ("C: DATA\nS: 354 go\nC: .\nS: 451 4.7.1 Greylisted\n", 1),
        ("C: DATA\nS: 354 go\nC: .\n!: close\n", 1),
        ("C: DATA\nS: 451 4.3.0 not now\n", 3),
    ],
)
def test_nothing_is_sent_twice(
    pki: TestPki, end: str, messages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps: list[float] = []
    patient = with_retries(sleeps, monkeypatch)
    text = "!: include parts/login.smtp\nC: MAIL FROM\nS: 250 ok\nC: RCPT TO\nS: 250 ok\n" + end
    with ScriptedServer(text, pki, strict=False) as server:
        made = job(server, pki)
        report = probe_many([replace(made, plan=patient(made.plan))], at_once=1)
        assert sum(each.verbs().count("DATA") for each in server.connections) == messages
    (target,) = report.targets
    assert len(sleeps) == messages - 1
    told = any("nothing is sent twice" in note for note in target.notes)
    assert told == (messages == 1)
