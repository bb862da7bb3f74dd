"""What a person sees while a probe runs: one line on standard error, wiped before the report.

A thread draws it, and only once the run has lasted a moment: a quick run costs nothing. The line
is written over with blanks, so that it needs no terminal codes and none is left behind.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import TextIO

from smtpcheck.cli.terminal import can_redraw
from smtpcheck.model.progress import (
    FewerAtOnce,
    Progress,
    Sending,
    StageEnded,
    StageStarted,
    StepEnded,
    StepStarted,
    TargetEnded,
    Waiting,
)
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.rows import Piece, Role, cut, paint, row_cells, row_text, shown
from smtpcheck.report.style import Style
from smtpcheck.report.words import OUTCOME_ROLES, mark, run_time

START = 0.1
"""Seconds before the first line is drawn."""
PERIOD = 0.1
_STOP_WAIT = 0.5
_FINE_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_SPINNER = "|/-\\"
_NAMES = 3
_PLAIN_FRAMES = 3
_NAMED = 10
"""Targets up to which those under way are named; of more there is a bar."""
_BAR = 76
"""Columns of the bar and what stands beside it."""
_SLOW = 3.0
"""Seconds of one step, after which its target is named beside the bar."""
_NAME_ROOM = 24


@dataclass(slots=True)
class _Run:
    """How far one target is."""

    ended: dict[Stage, Outcome] = field(default_factory=dict)
    stage: Stage | None = None
    step: str = ""
    since: float = 0.0
    sending: tuple[int, int] = (0, 0)
    """Octets of a large message that have left, and of how many."""
    waiting: Waiting | None = None
    """An attempt failed at `since`, and the next one comes in a while."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come; stages that are skipped end too."""
        return Stage.SEND in self.ended


class LiveView:
    """A watcher of probes that knows how far each is, and can say it in one line."""

    def __init__(
        self, style: Style, targets: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._style = style
        self._targets = targets
        self._clock = clock
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        """Those that are under way; of several none that is done."""
        self._done = self._failed = 0
        self._began = clock()
        self._frame = 0
        self.screen: Screen | None = None

    def __call__(self, progress: Progress) -> None:
        """Takes note; may be called from any thread."""
        if isinstance(progress, FewerAtOnce):
            with self.paused():
                tell_fewer(progress)
            return
        with self._lock:
            if isinstance(progress, TargetEnded):
                self._runs.pop(progress.target, None)
                self._done += 1
                self._failed += progress.failed
                return
            run = self._runs.setdefault(progress.target, _Run())
            match progress:
                case Waiting():
                    self._runs[progress.target] = _Run(waiting=progress, since=self._clock())
                case StageStarted(stage=stage):
                    run.waiting = None
                    run.stage, run.step, run.since = stage, "", self._clock()
                case StepStarted(step=step):
                    run.step, run.since, run.sending = step, self._clock(), (0, 0)
                case Sending(gone=gone, total=total):
                    run.sending = gone, total
                case StepEnded():
                    run.step = ""
                case StageEnded(stage=result):
                    run.ended[result.stage] = result.outcome
                    run.stage, run.step = None, ""
                case _:
                    pass

    def paused(self) -> AbstractContextManager[None]:
        """Nothing is drawn meanwhile, for example while a question is asked on the terminal."""
        return self.screen.cleared() if self.screen else nullcontext()

    def line(self) -> tuple[Piece, ...]:
        """The line as it should be now, short enough for the terminal."""
        with self._lock:
            self._frame += 1
            if self._targets > 1:
                return self._of_many()
            run = next(iter(self._runs.values()), _Run())
            pieces = self._of_one(run)
        if row_cells(pieces) < self._style.width:
            return pieces
        return ((cut(row_text(pieces), self._style.width - 1), Role.PLAIN),)

    def _spinner(self) -> str:
        frames = _FINE_SPINNER if self._style.unicode else _PLAIN_SPINNER
        return frames[self._frame % len(frames)]

    def _of_one(self, run: _Run) -> tuple[Piece, ...]:
        if run.waiting is not None:
            return ((f" {self._spinner()} {self._doing(run)}", Role.TITLE),)
        pieces: list[Piece] = []
        for stage in Stage:
            pieces.append(("  " if pieces else " ", Role.PLAIN))
            outcome = run.ended.get(stage)
            if outcome is not None:
                look = OUTCOME_ROLES[outcome]
                pieces += [(mark(outcome, self._style), look), (f" {stage.value}", Role.PLAIN)]
            elif stage is run.stage:
                pieces.append((f"{self._spinner()} {self._doing(run)}", Role.TITLE))
            else:
                pieces.append((f"  {stage.value}", Role.SKIPPED))
        if run.step and run.stage is None:  # the stages are over, and something is still tried
            pieces.append((f"  {self._spinner()} {self._doing(run)}", Role.TITLE))
        return tuple(pieces)

    def _doing(self, run: _Run) -> str:
        if run.waiting is not None:
            return _wait_words(run.waiting, self._clock() - run.since)
        step = run.step or (run.stage.value if run.stage else "")
        waited = (self._clock() - run.since) * 1000
        gone, total = run.sending
        part = f" {gone / 1e6:.1f} of {total / 1e6:.1f} MB" if total else ""
        return f"{step.replace('.', ' ', 1)} {run_time(max(50.0, waited))}{part}"

    def _of_many(self) -> tuple[Piece, ...]:
        busy = [(name, run) for name, run in self._runs.items() if run.waiting or run.stage]
        if self._targets > _NAMED:
            return self._of_very_many(busy)
        text = f" {self._spinner()} {self._done} of {self._targets} done"
        text += f", {self._failed} failed" if self._failed else ""
        now = [f"{shown(name, self._style)} {self._doing(run)}" for name, run in busy[:_NAMES]]
        text += f": {', '.join(now)}" if now else ""
        text += f" and {len(busy) - _NAMES} more" if len(busy) > _NAMES else ""
        return ((cut(text, self._style.width - 1), Role.PLAIN),)

    def _of_very_many(self, busy: Sequence[tuple[str, _Run]]) -> tuple[Piece, ...]:
        """A bar, and who keeps the run waiting."""
        from smtpcheck.cli.progress_bar import Pace, bar_pieces

        width = self._style.width - 1
        pace = Pace(self._done, self._targets, self._failed, self._clock() - self._began)
        row = [(f" {self._spinner()} ", Role.TITLE)]
        row += bar_pieces(pace, self._style, min(_BAR, width - 3))
        room = width - row_cells(tuple(row)) - 2
        slow = min(busy, key=lambda each: each[1].since, default=None)
        if slow and self._clock() - slow[1].since > _SLOW and room >= _NAME_ROOM:
            said = f"{shown(slow[0], self._style)} {self._doing(slow[1])}"
            row.append((f"  {cut(said, room)}", Role.SKIPPED))
        if room + 2 >= 0:
            return tuple(row)
        return ((cut(row_text(tuple(row)), width), Role.PLAIN),)


def tell_wait(wait: Waiting) -> None:
    """Says it where there is no terminal: a log that stands still for minutes tells why."""
    _tell(_wait_words(wait))


def tell_fewer(fewer: FewerAtOnce) -> None:
    """Says why a run takes longer than was to be expected."""
    many = f"{fewer.have} targets side by side, not {fewer.wanted}"
    _tell(f"{many}: the system gives this process no more threads (see ulimit -u, pids.max)")


def _tell(note: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"note: {note}\n")
        sys.stderr.flush()


def _wait_words(wait: Waiting, waited: float = 0.0) -> str:
    cause = f"{wait.cause}: " if wait.cause else ""
    left = max(0.0, wait.seconds - waited)
    return f"{cause}attempt {wait.attempt} of {wait.of} in {left:.0f} s"


class Screen:
    """The one line on the terminal, written over as often as need be."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._plain = replace(style, color=False)
        self._style = style
        self._lock = threading.Lock()
        self._drawn = 0
        self._last = ("", 0)
        """What was drawn last, and its columns."""
        self._frames = 0
        self._blocks = 0
        self._over = False

    def draw(self, pieces: Sequence[Piece]) -> None:
        """Puts the line in the place of the one before. The first frames are not coloured: what
        colours them takes longer to import than most runs last."""
        with self._lock:
            if self._blocks:
                return
            self._frames += 1
            style = self._style if self._frames > _PLAIN_FRAMES else self._plain
            length = row_cells(tuple(pieces))
            text = paint([tuple(pieces)], style).rstrip("\n")
            self._write(f"\r{text}{' ' * (self._drawn - length)}")
            self._last, self._drawn = (text, length), length

    def close(self) -> None:
        """Leaves the line as it was found: empty, the cursor at its start."""
        with self._lock:
            self._over = True
            self._wipe()

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """The line is empty meanwhile, and stands again behind it: where results come faster than
        it is drawn it would hardly be seen otherwise."""
        with self._lock:
            self._blocks += 1
            self._wipe()
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                if not (self._blocks or self._over):
                    text, self._drawn = self._last
                    self._write(f"\r{text}" if text else "")

    def _wipe(self) -> None:
        if self._drawn:
            self._write(f"\r{' ' * self._drawn}\r")
            self._drawn = 0

    def _write(self, text: str) -> None:
        # A terminal that went away is no reason to lose the probe.
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


@contextmanager
def live_watcher(
    stream: TextIO, style: Style, *, targets: int = 1, quiet: bool = False
) -> Iterator[LiveView]:
    """A watcher whose line stands on `stream` while the block runs, and is wiped at its end.

    Nothing is ever written where the stream is no terminal, or with `quiet`.
    """
    view = LiveView(style, targets)
    if quiet or not can_redraw(stream):
        yield view
        return
    screen = view.screen = Screen(stream, style)
    over = threading.Event()
    drawer = threading.Thread(
        target=_draw, args=(view, screen, over), name="live display", daemon=True
    )
    drawer.start()
    try:
        yield view
    finally:
        over.set()
        # A terminal that stopped taking output (Ctrl-S) must not keep the program from its end.
        drawer.join(_STOP_WAIT)


def _draw(view: LiveView, screen: Screen, over: threading.Event) -> None:
    wait = START
    while not over.wait(wait):
        wait = PERIOD
        screen.draw(view.line())
    screen.close()
