"""A report as the output of a Nagios or Icinga plugin: one line with performance data, then the
details (Monitoring Plugins Development Guidelines, "Plugin Output" and "Performance data").

A bar would begin performance data wherever it stood, so it never comes from a text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import IntEnum

from smtpcheck.model.observation import Observations
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.report.certificates import days_left_of
from smtpcheck.report.facts import number_of
from smtpcheck.report.rows import shown
from smtpcheck.report.style import Style
from smtpcheck.report.troubles import PLAIN, named_targets, troubles_of
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


_Told = tuple[State, str, list[str], list[str]]
"""State, first line, further lines, performance data."""
_WORST_FIRST = (State.CRITICAL, State.UNKNOWN, State.WARNING, State.OK)


def nagios_state(report: Report) -> State:
    """The exit code of the plugin: the worst of all targets."""
    return _worst({_state(target) for target in report.targets})


def render_nagios(report: Report, style: Style) -> Iterator[str]:
    """The output for one target; for several a line that sums them up, and a line for each as far
    as there is room, the worst first."""
    made = _only(report.targets[0], style) if len(report.targets) == 1 else _several(report, style)
    state, head, lines, data = made
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
    yield f"{text}\n"


def unknown_output(message: str) -> str:
    """The output where no report came to be."""
    return f"SMTP UNKNOWN - {_safe(shown(message, PLAIN))}\n"


def _only(target: TargetReport, style: Style) -> _Told:
    name = shown(target.target, style)
    troubles = troubles_of(target, style)
    sentence = _sentence(target, style)
    state, data = _state(target), _data(target)
    if not troubles:
        notes = [f"note: {shown(each, style)}" for each in target.notes]
        return state, f"{name}: {sentence}", notes, data
    first = troubles[0]
    short = short_verdict(target)
    head = f"{name} {short}: {first.title}"
    lines = [sentence]
    if len(head) > _HEAD:
        head = f"{name} {short}: {first.cause}"
    for each in troubles:
        lines += [f"{each.severity.value}[{each.cause}]: {each.title}"]
        lines += [f"  {line}" for line in each.lines()]
    return state, head, lines, data


def _several(report: Report, style: Style) -> _Told:
    lines = {state: _Bounded(_WHOLE) for state in _WORST_FIRST}
    heads: dict[State, str] = {}
    # In the order of the report, since some programs tell graphs apart by their place.
    data = _Bounded(_DATA)
    ran = good = skipped = 0
    for name, target in named_targets(report, style):
        state, short = _state(target), short_verdict(target)
        troubles = troubles_of(target, style)
        cause = f": {troubles[0].cause}: {troubles[0].title}" if troubles else ""
        lines[state].add(f"[{state.name}] {name} {short}{cause}")
        heads.setdefault(state, f"{name} {short}{f' ({troubles[0].cause})' if troubles else ''}")
        for each in _data(target, f"{name} "):
            data.add(each)
        skipped += target.outcome is Outcome.SKIPPED
        ran += target.outcome is not Outcome.SKIPPED
        good += target.outcome is not Outcome.SKIPPED and target.exit_code == ExitCode.OK
    state = _worst(heads)
    head = f"{good} of {counted(ran, 'target')} passed"
    head += f", {skipped} skipped" if skipped else ""
    head += f"; {heads[state]}" if state is not State.OK else ""
    counts = [f"passed={good};;;0;{ran}", f"failed={ran - good};;;0;{ran}"]
    every = [line for each in lines.values() for line in each.kept]
    return state, head, every, counts + data.kept


class _Bounded:
    """The first of many texts, as far as there is room for them."""

    def __init__(self, room: int) -> None:
        self.kept: list[str] = []
        self._room = room

    def add(self, text: str) -> None:
        """Keeps it, unless one before found no room."""
        self._room -= len(text.encode()) + 1
        if self._room >= 0:
            self.kept.append(text)
        else:
            self._room = -1


def _state(target: TargetReport) -> State:
    if target.outcome is Outcome.INTERRUPTED:
        return State.UNKNOWN
    if target.exit_code == ExitCode.TEMPORARY:
        return State.WARNING
    if target.exit_code != ExitCode.OK:
        return State.CRITICAL
    return State.WARNING if warnings_of(target) else State.OK


def _worst(states: Collection[State]) -> State:
    return min(states, key=_WORST_FIRST.index, default=State.OK)


def _data(target: TargetReport, prefix: str = "") -> list[str]:
    """`label=value[unit];warning;critical;minimum`: seconds of the run and of each stage that ran,
    and days of the certificate. What `[expect]` asks for is the critical range."""
    seen = target.observations
    if target.outcome is Outcome.SKIPPED or not seen.stages:
        return []
    data = [f"{_label(f'{prefix}time')}={_seconds(total_ms(target))};;{_most(seen, 'total')};0"]
    for each in seen.stages:
        if each.outcome is not Outcome.SKIPPED:
            name = each.stage.value
            value = f"{_seconds(each.elapsed_ms)};;{_most(seen, name)};0"
            data.append(f"{_label(f'{prefix}{name}')}={value}")
    return data + _certificate_data(seen, prefix)


def _most(seen: Observations, what: str) -> str:
    """The seconds that are expected at most, or the empty string."""
    longest = number_of(seen.settings, f"expect.{what}_ms")
    return f"{longest / 1000:g}" if longest else ""


def _certificate_data(seen: Observations, prefix: str) -> list[str]:
    days = days_left_of(seen)
    if days is None:
        return []
    least = number_of(seen.settings, "expect.certificate_days")
    wanted = f"{least:g}:" if least else "0:"
    return [f"{_label(f'{prefix}certificate_days')}={days:g};;{wanted}"]


def _label(name: str) -> str:
    """A label takes anything but an equals sign and a quote; blanks must be quoted."""
    plain = _safe(name).replace("=", "_").replace("'", "_")
    return plain if plain.isascii() and plain.replace("_", "").isalnum() else f"'{plain}'"


def _seconds(milliseconds: float) -> str:
    return f"{max(milliseconds, 0.0) / 1000:.3f}s"


def _sentence(target: TargetReport, style: Style) -> str:
    return shown("".join(text for text, _ in verdict(target)), style)


def _safe(text: str) -> str:
    """Without a bar, and no order to the log of a build server where it begins a line."""
    harmless = f"\\x3a{text[1:]}" if text.startswith("::") else text
    return harmless.replace("|", "\\x7c")
