"""A report as the output of a Nagios or Icinga plugin: one line with performance data, then the
details (Monitoring Plugins Development Guidelines, "Plugin Output" and "Performance data").

A bar would begin performance data wherever it stood, so it never comes from a text.
"""

from __future__ import annotations

from enum import IntEnum

from smtpcheck.model.observation import Observations
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.report.certificates import days_left_of
from smtpcheck.report.facts import number_of
from smtpcheck.report.rows import shown
from smtpcheck.report.style import Style
from smtpcheck.report.troubles import PLAIN, troubles_of, unique_names
from smtpcheck.report.verdict import short_verdict, verdict, warnings_of
from smtpcheck.report.words import counted, total_ms

_FIRST_LINE = 80
"""Characters of the first line before the bar; pagers cut what is longer."""
_HEAD = _FIRST_LINE - len("SMTP CRITICAL - ")
_DATA = 3000
_WHOLE = 8000
"""Nagios keeps 8 kB of the whole output."""


class State(IntEnum):
    """What a plugin ends with."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_WORST_FIRST = (State.CRITICAL, State.UNKNOWN, State.WARNING, State.OK)


def nagios_state(report: Report) -> State:
    """The exit code of the plugin: the worst of all targets."""
    return _worst([_state(target) for target in report.targets])


def render_nagios(report: Report, style: Style) -> str:
    """The output for one target; for several a line that sums them up, and a line for each."""
    names = unique_names(report, style)
    state = nagios_state(report)
    if len(report.targets) == 1:
        head, lines = _only(names[0], report.targets[0], style)
        data = _data(report.targets[0])
    else:
        head, lines, data = _several(report, names, style)
    first = f"SMTP {state.name} - {_safe(head)}"
    if len(first) > _FIRST_LINE:
        lines = [head, *lines]
        first = f"{first[: _FIRST_LINE - 3]}..."
    text = f"{first} | {' '.join(data)}" if data else first
    for line in map(_safe, lines):
        if len(text.encode()) + len(line.encode()) > _WHOLE:
            text += "\n..."
            break
        text += f"\n{line}"
    return f"{text}\n"


def unknown_output(message: str) -> str:
    """The output where no report came to be."""
    return f"SMTP UNKNOWN - {_safe(shown(message, PLAIN))}\n"


def _only(name: str, target: TargetReport, style: Style) -> tuple[str, list[str]]:
    troubles = troubles_of(target, style)
    sentence = _sentence(target, style)
    if not troubles:
        notes = [f"note: {shown(each, style)}" for each in target.notes]
        return f"{name}: {sentence}", notes
    first = troubles[0]
    short = short_verdict(target)
    head = f"{name} {short}: {first.title}"
    lines = [sentence]
    if len(head) > _HEAD:
        head = f"{name} {short}: {first.cause}"
    for each in troubles:
        lines += [f"{each.severity.value}[{each.cause}]: {each.title}"]
        lines += [f"  {line}" for line in each.lines()]
    return head, lines


def _several(report: Report, names: list[str], style: Style) -> tuple[str, list[str], list[str]]:
    states = [_state(target) for target in report.targets]
    ran = [target for target in report.targets if target.outcome is not Outcome.SKIPPED]
    good = sum(1 for target in ran if target.exit_code == ExitCode.OK)
    left_out = len(report.targets) - len(ran)
    lines, data = [], []
    rows = sorted(
        zip(states, names, report.targets, strict=True),
        key=lambda each: _WORST_FIRST.index(each[0]),
    )
    for state, name, target in rows:
        troubles = troubles_of(target, style)
        cause = f": {troubles[0].cause}: {troubles[0].title}" if troubles else ""
        lines.append(f"[{state.name}] {name} {short_verdict(target)}{cause}")
        data += _data(target, f"{name} ")
    worst = next((name for state, name, _ in rows if state is not State.OK), "")
    head = f"{good} of {counted(len(ran), 'target')} passed"
    head += f", {left_out} skipped" if left_out else ""
    head += f"; {worst} {_short_cause(report, names.index(worst), style)}" if worst else ""
    counts = [f"passed={good};;;0;{len(ran)}", f"failed={len(ran) - good};;;0;{len(ran)}"]
    return head, lines, _bounded(counts + data)


def _short_cause(report: Report, number: int, style: Style) -> str:
    target = report.targets[number]
    troubles = troubles_of(target, style)
    return f"{short_verdict(target)} ({troubles[0].cause})" if troubles else short_verdict(target)


def _state(target: TargetReport) -> State:
    if target.outcome is Outcome.INTERRUPTED:
        return State.UNKNOWN
    if target.exit_code == ExitCode.TEMPORARY:
        return State.WARNING
    if target.exit_code != ExitCode.OK:
        return State.CRITICAL
    return State.WARNING if warnings_of(target) else State.OK


def _worst(states: list[State]) -> State:
    return min(states, key=_WORST_FIRST.index, default=State.OK)


def _data(target: TargetReport, prefix: str = "") -> list[str]:
    """`label=value[unit];warning;critical;minimum`: seconds of the run and of each stage that ran,
    and days of the certificate. What `[expect]` asks for is the critical range."""
    seen = target.observations
    if target.outcome is Outcome.SKIPPED or not seen.stages:
        return []
    longest = number_of(seen.settings, "expect.total_ms")
    most = f"{longest / 1000:g}" if longest else ""
    data = [f"{_label(f'{prefix}time')}={_seconds(total_ms(target))};;{most};0"]
    data += [
        f"{_label(f'{prefix}{stage.stage.value}')}={_seconds(stage.elapsed_ms)};;;0"
        for stage in seen.stages
        if stage.outcome is not Outcome.SKIPPED
    ]
    return data + _certificate_data(seen, prefix)


def _certificate_data(seen: Observations, prefix: str) -> list[str]:
    days = days_left_of(seen)
    if days is None:
        return []
    least = number_of(seen.settings, "expect.certificate_days")
    wanted = f"{least:g}:" if least else "0:"
    return [f"{_label(f'{prefix}certificate_days')}={days:g};;{wanted}"]


def _bounded(data: list[str]) -> list[str]:
    kept: list[str] = []
    length = 0
    for each in data:
        length += len(each.encode()) + 1
        if length > _DATA:
            break
        kept.append(each)
    return kept


def _label(name: str) -> str:
    """A label takes anything but an equals sign and a quote; blanks must be quoted."""
    plain = _safe(name).replace("=", "_").replace("'", "_")
    return plain if plain.isascii() and plain.replace("_", "").isalnum() else f"'{plain}'"


def _seconds(milliseconds: float) -> str:
    return f"{max(milliseconds, 0.0) / 1000:.3f}s"


def _sentence(target: TargetReport, style: Style) -> str:
    return shown("".join(text for text, _ in verdict(target)), style)


def _safe(text: str) -> str:
    return text.replace("|", "\\x7c")
