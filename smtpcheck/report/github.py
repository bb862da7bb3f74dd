"""A report as annotations of GitHub Actions: workflow commands on standard output, and a summary of
the job in Markdown.

GitHub shows ten errors and ten warnings of a step, so that what is beyond that is told as one. A
command is a line that begins with two colons; `%`, line ends and, in properties, `:` and `,` are
written as the toolkit of GitHub does it.
"""

from __future__ import annotations

from collections.abc import Iterator

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.report.rows import shown
from smtpcheck.report.style import Style
from smtpcheck.report.troubles import Trouble, named_targets, profile_file, troubles_of
from smtpcheck.report.verdict import verdict

MOST = 10
"""Annotations of one kind that GitHub shows for a step."""
SUMMARY_LIMIT = 1 << 20
"""Octets of all that a step adds to the summary of its job."""
_ROOM = 4096


def render_github(report: Report, style: Style) -> Iterator[str]:
    """A command a line: errors, then warnings, then a notice for each target without either."""
    told = {kind: _Annotations(kind) for kind in ("error", "warning", "notice")}
    for name, target in named_targets(report, style):
        troubles = troubles_of(target, style)
        for each in troubles:
            kind = "error" if each.severity is Severity.ERROR else "warning"
            told[kind].add(_trouble(name, target, each))
        if target.outcome is Outcome.INTERRUPTED:
            told["error"].add(_verdict("error", name, target, style))
        elif not troubles:
            told["notice"].add(_verdict("notice", name, target, style))
    for each_kind in told.values():
        yield from each_kind.lines()


def job_summary(report: Report, style: Style, *, already: int) -> str:
    """The Markdown of the report as far as there is room: `already` octets are in the summary."""
    from smtpcheck.report.markdown import render_markdown

    room = SUMMARY_LIMIT - already - _ROOM
    if room <= 0:
        return ""
    made = b""
    for chunk in render_markdown(report, style):
        made += chunk.encode()
        if len(made) > room:
            break
    else:
        return made.decode()
    cut = made[:room].decode("utf-8", "ignore").rpartition("\n")[0]
    # What is cut may have opened a block of code.
    fence = "\n```" if cut.count("\n```") % 2 else ""
    return f"{cut}{fence}\n\nThe rest did not fit into the summary.\n"


class _Annotations:
    """Those of one kind: as many as GitHub shows, and how many more there are."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._first: list[str] = []
        self._count = 0

    def add(self, line: str) -> None:
        """Takes one."""
        self._count += 1
        if self._count <= MOST:
            self._first.append(line)

    def lines(self) -> Iterator[str]:
        """A line each; the last counts those that GitHub would leave out."""
        more = self._count - MOST + 1
        kept = self._first if more <= 1 else self._first[: MOST - 1]
        yield from (f"{line}\n" for line in kept)
        if more > 1:
            yield f"::{self._kind} title=smtpcheck::{more} more: see the job summary\n"


def _trouble(name: str, target: TargetReport, trouble: Trouble) -> str:
    kind = "error" if trouble.severity is Severity.ERROR else "warning"
    message = "\n".join([trouble.title, *trouble.lines()])
    return _command(kind, f"{name}: {trouble.cause}", message, profile_file(target))


def _verdict(kind: str, name: str, target: TargetReport, style: Style) -> str:
    message = shown("".join(text for text, _ in verdict(target)), style)
    return _command(kind, name, message, "")


def _command(kind: str, title: str, message: str, file: str) -> str:
    properties = f"file={_property(file)},line=1," if file else ""
    return f"::{kind} {properties}title={_property(f'smtpcheck {title}')}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
