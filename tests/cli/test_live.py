"""The line that a person watches while a probe runs."""

from __future__ import annotations

import io
import pickle
import threading
import time

import pytest

from smtpcheck.cli import live
from smtpcheck.cli.live import LiveView, live_watcher
from smtpcheck.model.observation import StageResult, Step
from smtpcheck.model.progress import (
    Sending,
    Spoken,
    StageEnded,
    StageStarted,
    StepEnded,
    StepStarted,
    TargetEnded,
    Waiting,
)
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Event, Who
from smtpcheck.report.escape import cells
from smtpcheck.report.rows import Role, row_text
from smtpcheck.report.style import Style

FINE = Style(80, color=False, unicode=True)


class Terminal(io.StringIO):
    """A terminal that remembers every frame, and what is on its one row."""

    def __init__(self, *, terminal: bool = True) -> None:
        super().__init__()
        self._terminal = terminal
        self.drawn = threading.Event()

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        self.drawn.set()
        return super().write(text)

    @property
    def row(self) -> str:
        shown: list[str] = []
        at = 0
        for char in self.getvalue():
            if char == "\r":
                at = 0
                continue
            shown[at : at + 1] = [char]
            at += 1
        return "".join(shown).rstrip()


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _xterm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def passed(target: str, stage: Stage, outcome: Outcome = Outcome.PASSED) -> StageEnded:
    return StageEnded(target, StageResult(stage, outcome))


def test_line_shows_each_stage_and_the_running_step() -> None:
    clock = Clock()
    view = LiveView(FINE, clock=clock)
    view(passed("x", Stage.DNS))
    view(passed("x", Stage.TCP, Outcome.WARNED))
    view(StageStarted("x", Stage.TLS))
    view(StepStarted("x", "tls.handshake"))
    clock.now += 2.34
    assert row_text(view.line()) == " ✓ dns  ! tcp  ⠙ tls handshake 2.3 s    auth    send"
    view(StepEnded("x", Step("tls.handshake", Outcome.PASSED, 2.3, "")))
    assert "⠹ tls 2.3 s" in row_text(view.line())


def test_what_is_tried_after_a_failure_is_shown_behind_the_stages() -> None:
    clock = Clock()
    view = LiveView(FINE, clock=clock)
    view(passed("x", Stage.DNS))
    view(passed("x", Stage.TCP, Outcome.FAILED))
    for stage in (Stage.TLS, Stage.AUTH, Stage.SEND):
        view(passed("x", stage, Outcome.SKIPPED))
    view(StepStarted("x", "experiments"))
    clock.now += 1.5
    assert row_text(view.line()).endswith("experiments 1.5 s")


def test_line_is_ascii_where_it_must_be() -> None:
    view = LiveView(Style(80, color=False, unicode=False))
    view(passed("x", Stage.DNS, Outcome.FAILED))
    view(StageStarted("x", Stage.TCP))
    assert row_text(view.line()).isascii()


def test_several_targets_are_counted() -> None:
    clock = Clock()
    view = LiveView(FINE, 3, clock)
    view(passed("a", Stage.TCP, Outcome.FAILED))
    view(TargetEnded("a", failed=True))
    view(StageStarted("b\x1b[2J", Stage.TCP))
    view(StepStarted("b\x1b[2J", "tcp.connect"))
    clock.now += 5
    assert row_text(view.line()) == " ⠙ 1 of 3 done, 1 failed: b\\x1b[2J tcp connect 5.0 s"


def test_of_many_there_is_a_bar_with_pace_time_left_and_who_keeps_it_waiting() -> None:
    clock = Clock()
    view = LiveView(Style(120, color=False, unicode=True), 10_000, clock)
    for number in range(2500):
        view(TargetEnded(str(number), failed=number % 100 == 0))
    view(StageStarted("slow.example.com\x1b[2J", Stage.TCP))
    clock.now += 50
    assert row_text(view.line()) == (
        " ⠙ 2,500 of 10,000  ━━━━━──────────────────  25 failed  50 a second  2 min left"
        "  slow.example.com\\x1b[2J tcp 50.0 s"
    )


def test_what_is_done_is_forgotten() -> None:
    view = LiveView(FINE, 100_000)
    before = len(pickle.dumps(vars(view)["_runs"]))
    for number in range(1000):
        view(StageStarted(str(number), Stage.DNS))
        view(TargetEnded(str(number), failed=False))
    assert len(pickle.dumps(vars(view)["_runs"])) == before


@pytest.mark.parametrize("targets", [1, 9, 12_345_678])
@pytest.mark.parametrize("width", [20, 30, 50])
def test_line_never_reaches_the_edge(width: int, targets: int) -> None:
    view = LiveView(Style(width, color=False, unicode=True), targets)
    for n in range(min(targets, 9)):
        view(StageStarted(f"target-{n}-你好", Stage.SEND))
        view(StepStarted(f"target-{n}-你好", "send.message"))
    assert cells(row_text(view.line())) < width


def test_conversation_is_never_shown() -> None:
    view = LiveView(FINE)
    view(StageStarted("x", Stage.AUTH))
    view(Spoken("x", Event(1, 0.0, Who.CLIENT, "AUTH PLAIN canary")))
    assert "canary" not in row_text(view.line())


def test_terminal_is_left_as_it_was_found() -> None:
    stream = Terminal()
    with live_watcher(stream, FINE) as watch:
        watch(StageStarted("x", Stage.DNS))
        assert stream.drawn.wait(5)
    assert "dns" in stream.getvalue()
    assert stream.row == ""
    assert stream.getvalue().endswith("\r")


def test_quick_run_draws_nothing_and_waits_for_nothing() -> None:
    stream = Terminal()
    begun = time.monotonic()
    with live_watcher(stream, FINE) as watch:
        watch(StageStarted("x", Stage.DNS))
    assert time.monotonic() - begun < live.START
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("terminal", "quiet", "term"),
    [(False, False, "xterm"), (True, True, "xterm"), (True, False, "dumb")],
)
def test_nobody_watching_means_nothing_written(
    terminal: bool, quiet: bool, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    stream = Terminal(terminal=terminal)
    with live_watcher(stream, FINE, quiet=quiet) as watch:
        watch(StageStarted("x", Stage.DNS))
        assert not stream.drawn.wait(0.3)
    assert stream.getvalue() == ""


def test_question_has_the_terminal_for_itself() -> None:
    stream = Terminal()
    with live_watcher(stream, FINE) as watch:
        watch(StageStarted("x", Stage.AUTH))
        assert stream.drawn.wait(5)
        with watch.paused():
            assert stream.row == ""
            stream.drawn.clear()
            assert not stream.drawn.wait(3 * live.PERIOD)
        assert stream.drawn.wait(5)
    assert stream.row == ""


def test_the_line_stands_again_behind_each_result() -> None:
    """Results that come faster than it is drawn must not keep it off the screen."""
    stream = Terminal()
    with live_watcher(stream, FINE, targets=20) as watch:
        watch(StageStarted("x", Stage.AUTH))
        assert stream.drawn.wait(5)
        screen = watch.screen
        assert screen is not None
        with screen.cleared():
            screen.draw([("now", Role.PLAIN)])
            assert stream.row == ""
        assert "0 of 20" in stream.row
        with screen.cleared(), screen.cleared():
            assert stream.row == ""
        assert "0 of 20" in stream.row
    with watch.paused():  # a thread that was left behind
        assert stream.row == ""
    assert stream.row == ""


def test_failure_inside_still_wipes_the_line() -> None:
    stream = Terminal()

    def run() -> None:
        with live_watcher(stream, FINE) as watch:
            watch(StageStarted("x", Stage.DNS))
            assert stream.drawn.wait(5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert stream.row == ""


def test_terminal_that_went_away_does_not_matter() -> None:
    stream = Terminal()
    with live_watcher(stream, FINE) as watch:
        watch(StageStarted("x", Stage.DNS))
        stream.isatty()
        stream.close()
        time.sleep(3 * live.PERIOD)


def test_a_large_message_shows_how_far_it_is() -> None:
    view = LiveView(FINE, clock=Clock())
    view(StageStarted("t", Stage.SEND))
    view(StepStarted("t", "send.message"))
    view(Sending("t", 1_500_000, 4_000_000))
    assert "send message 0.1 s 1.5 of 4.0 MB" in row_text(view.line())
    view(StepStarted("t", "send.quit"))
    assert "MB" not in row_text(view.line())


def test_the_time_to_the_next_attempt_is_counted_down() -> None:
    clock = Clock()
    view = LiveView(FINE, clock=clock)
    view(passed("x", Stage.TCP, Outcome.FAILED))
    view(passed("x", Stage.SEND, Outcome.SKIPPED))
    view(Waiting("x", 90.0, 2, 3, "greylisted"))
    assert row_text(view.line()) == " ⠙ greylisted: attempt 2 of 3 in 90 s"
    clock.now += 31
    assert row_text(view.line()) == " ⠹ greylisted: attempt 2 of 3 in 59 s"
    view(StageStarted("x", Stage.DNS))
    assert row_text(view.line()).startswith(" ⠸ dns")


def test_a_target_that_waits_is_not_done() -> None:
    view = LiveView(FINE, 2, Clock())
    for stage in Stage:
        view(passed("a", stage, Outcome.FAILED))
    view(Waiting("a", 5.0, 2, 3, ""))
    assert row_text(view.line()) == " ⠙ 0 of 2 done: a attempt 2 of 3 in 5 s"
