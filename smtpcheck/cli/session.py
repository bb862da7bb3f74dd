"""Runs jobs for a command: watches them on a terminal, writes the report, gives the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from smtpcheck.api import Each, Job, probe_many
from smtpcheck.api.targets import Targets, targets_of
from smtpcheck.cli.failure import usage_failure
from smtpcheck.cli.interrupts import Interrupts
from smtpcheck.cli.result_stream import ResultStream, Telling
from smtpcheck.cli.stdout import write_stdout
from smtpcheck.model.errors import UsageError
from smtpcheck.model.plan import PER_HOST
from smtpcheck.model.progress import FewerAtOnce, Progress, Waiting, Watcher, nobody
from smtpcheck.model.report import Report
from smtpcheck.model.stage import ExitCode, Stage
from smtpcheck.model.value import dataclass
from smtpcheck.report.formats import FORMATS, Output, parse_format_options
from smtpcheck.report.style import Style
from smtpcheck.report.text import FEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the result is to be shown."""

    formats: Sequence[str]
    debug_file: str = ""
    verbose: bool = False
    quiet: bool = False
    no_input: bool = False
    at_once: int = 8
    per_host: int = PER_HOST
    processes: int = 1
    opened: tuple[Stage, ...] = ()
    """Stages whose steps are shown even where all is well."""


def run_jobs(jobs: Sequence[Job], wishes: Wishes) -> int:
    """Probes all jobs, writes every format asked for, and returns the exit code."""
    outputs = parse_format_options(list(wishes.formats))
    targets = targets_of(jobs)
    streamed, stream = _stream(outputs, len(targets), wishes)
    rest = [each for each in outputs if each != streamed]
    read_again = bool(rest or _debug_files(targets, wishes))
    with Interrupts() as interrupts:
        each = stream.take if stream else None
        report = probe_jobs(targets, wishes, each=each, kept=read_again)
        interrupts.hold()
        failed = [stream.close(report)] if stream else []
        return tell(report, targets, wishes, rest, failed=failed)


def _stream(
    outputs: Sequence[Output], count: int, wishes: Wishes
) -> tuple[Output | None, ResultStream | None]:
    """The format that is written while the run goes on, if any, and who writes it."""
    if Output("jsonl") in outputs:
        from smtpcheck.report.jsonl import render_jsonl

        telling, streamed = Telling(render_jsonl), Output("jsonl")
    elif Output("text") in outputs and count > FEW:
        telling, streamed = _text_telling(wishes), Output("text")
    else:
        return None, None
    return streamed, ResultStream(telling, count)


def _text_telling(wishes: Wishes) -> Telling:
    from smtpcheck.cli.terminal import style_for
    from smtpcheck.report.text_stream import TextStream

    text = TextStream(
        style_for(sys.stdout), verbose=wishes.verbose, quiet=wishes.quiet, opened=wishes.opened
    )
    return Telling(
        lambda report: map(text.told, report.targets),
        lambda report: [text.closing(report.exit_code)],
    )


def probe_jobs(
    jobs: Sequence[Job],
    wishes: Wishes,
    asking: Callable[[str], str] | None = None,
    each: Each | None = None,
    *,
    kept: bool = True,
) -> Report:
    """Probes all jobs, once it is sure that what was asked for can be written. `asking`: instead of
    the terminal. `each`: takes the targets that are done before the others. `kept`: whether they
    are read again in the report."""
    outputs = parse_format_options(list(wishes.formats))
    targets = targets_of(jobs)
    files = _debug_files(targets, wishes)
    files += [output.path for output in outputs if output.path]
    if files:
        from smtpcheck.store.report_file import must_be_writable

        for path in files:
            must_be_writable(path)
    asking = asking or asker(no_input=wishes.no_input)
    if len(targets) and targets[0].plan.retries:  # the plan of a run is that of all its targets
        asking = remembered(asking)
    echo = _echo_kept() if asking else nullcontext()
    at_once = _room(min(wishes.at_once, len(targets)))
    if len(targets) > FEW:
        from smtpcheck.api.crew import look_for_garbage

        look_for_garbage()
    with echo, _watching(quiet=wishes.quiet, targets=len(targets)) as watcher:
        return probe_many(
            targets,
            at_once=at_once,
            per_host=wishes.per_host,
            processes=wishes.processes,
            watcher=watcher,
            ask=_undisturbed(asking, watcher),
            each=_beside(each, watcher),
            kept=kept,
        )


def _beside(each: Each | None, watcher: Watcher) -> Each | None:
    """Results that come while the live display stands on the same terminal do not run into it."""
    paused = getattr(watcher, "paused", None)
    if each is None or paused is None or not sys.stdout.isatty():
        return each

    def alone(number: int, report: Report) -> None:
        with paused():
            each(number, report)

    return alone


def _room(wanted: int) -> int:
    """How many targets side by side the system lets this process have, and a note where that is
    less than was wanted."""
    if wanted <= 1:
        return wanted
    from smtpcheck.probe.side_by_side import room

    have = room(wanted)
    if have < wanted:
        said = f"note: {have} targets side by side, not {wanted}: this process may not open more"
        sys.stderr.write(f"{said} files (raise the limit: ulimit -n)\n")
    return have


def tell(
    report: Report,
    jobs: Sequence[Job],
    wishes: Wishes,
    outputs: Sequence[Output] | None = None,
    *,
    failed: Sequence[str] = (),
) -> int:
    """Writes every format asked for, or these, and the conversations; returns the exit code.
    `failed`: what could not be written before."""
    # What cannot be written keeps nothing else from being written.
    if outputs is None:
        outputs = parse_format_options(list(wishes.formats))
    said = [*failed, *(write_report(report, output, wishes) for output in outputs)]
    return ended(report, outputs, [*said, *_write_transcripts(report, jobs, wishes)])


def ended(report: Report, outputs: Sequence[Output], failed: Sequence[str]) -> int:
    """Tells what could not be written; the exit code of the run, or of the plugin that a monitoring
    system takes it for."""
    for said in filter(None, failed):
        sys.stderr.write(usage_failure(UsageError(said)))
    if Output("nagios") in outputs:
        from smtpcheck.report.nagios import nagios_state

        return nagios_state(report)
    return report.exit_code or (ExitCode.FINDINGS if any(failed) else ExitCode.OK)


def asker(*, no_input: bool) -> Callable[[str], str] | None:
    """Asks for a secret on the terminal without echo; None where nobody can be asked."""
    if no_input or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    from getpass import getpass
    from threading import Lock

    turn = Lock()  # targets that are probed side by side ask one after the other

    def ask(question: str) -> str:
        try:
            with turn:
                return getpass(f"{question}: ", stream=sys.stderr)
        except EOFError:  # Ctrl-D: nothing is given
            return ""

    return ask


def remembered(ask: Callable[[str], str] | None) -> Callable[[str], str] | None:
    """Asks each question once: what was typed is kept as long as this command runs."""
    if ask is None:
        return None
    given: dict[str, str] = {}

    def again(question: str) -> str:
        if not given.get(question):
            given[question] = ask(question)
        return given[question]

    return again


@contextmanager
def _echo_kept() -> Iterator[None]:
    """Leaves the terminal as it was: a thread that waits for a password when the run is
    interrupted ends without switching the echo on again."""
    try:
        import termios

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
    except (ImportError, OSError, termios.error):
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError, termios.error):
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _undisturbed(ask: Callable[[str], str] | None, watcher: Watcher) -> Callable[[str], str] | None:
    """Asks while the live display, where there is one, leaves the terminal alone."""
    paused = getattr(watcher, "paused", None)
    if ask is None or paused is None:
        return ask

    def alone(question: str) -> str:
        with paused():
            return ask(question)

    return alone


def _watching(*, quiet: bool, targets: int) -> AbstractContextManager[Watcher]:
    if quiet:
        return nullcontext(nobody)
    if not sys.stderr.isatty():
        return nullcontext(_tell_waits if targets == 1 else _tell_fewer)
    from smtpcheck.cli.live import live_watcher
    from smtpcheck.cli.terminal import style_for

    return live_watcher(sys.stderr, style_for(sys.stderr), targets=targets)


def _tell_waits(progress: Progress) -> None:
    if isinstance(progress, Waiting):
        from smtpcheck.cli.live import tell_wait

        tell_wait(progress)


def _tell_fewer(progress: Progress) -> None:
    if isinstance(progress, FewerAtOnce):
        from smtpcheck.cli.live import tell_fewer

        tell_fewer(progress)


def write_report(report: Report, output: Output, wishes: Wishes) -> str:
    """Writes one format, and what belongs to it. Returns why that could not be done, or nothing."""
    failed = _write_text(report, output, wishes)
    if output.format == "github":
        from smtpcheck.cli.job_summary import add_to_job_summary

        failed = failed or add_to_job_summary(report)
    return failed


def _write_text(report: Report, output: Output, wishes: Wishes) -> str:
    from smtpcheck.cli.terminal import style_for

    style = Style(width=100, color=False, unicode=True) if output.path else style_for(sys.stdout)
    chunks = FORMATS[output.format](
        report, style, verbose=wishes.verbose, quiet=wishes.quiet, opened=wishes.opened
    )
    if output.path:
        from smtpcheck.store.report_file import save_report

        return save_report(output.path, chunks)
    return write_stdout(chunks)


def _debug_files(targets: Targets, wishes: Wishes) -> list[str]:
    return [wishes.debug_file] if wishes.debug_file else sorted(targets.debug_files)


def _write_transcripts(report: Report, jobs: Sequence[Job], wishes: Wishes) -> list[str]:
    """One file may hold the conversations of several targets, one after the other. Returns what
    could not be written and why."""
    if not _debug_files(targets_of(jobs), wishes):
        return []
    from smtpcheck.store.report_file import save_report

    told: dict[str, list[int]] = {}
    for number, target in enumerate(report.targets):
        path = wishes.debug_file or target.observations.settings.get("debug.file")
        if path:
            told.setdefault(str(path), []).append(number)
    return [save_report(path, _conversations(report, told[path])) for path in told]


def _conversations(report: Report, numbers: Sequence[int]) -> Iterator[str]:
    from smtpcheck.report.transcript import render_transcript

    joint = ""
    for number in numbers:
        yield joint + render_transcript(report.targets[number], started=report.started)
        joint = "\n"
