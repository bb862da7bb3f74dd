"""The formats of a report by name, and what `--format` asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from smtpcheck.model.errors import UsageError
from smtpcheck.model.report import Report
from smtpcheck.model.stage import Stage
from smtpcheck.model.value import dataclass
from smtpcheck.report.style import Style


class Renderer(Protocol):
    """A report as pieces of text that are written one after the other.

    A run may have thousands of targets, which lie on the disk: a renderer goes through them once or
    a few times, keeps none of them, and never has the whole text in memory.
    """

    def __call__(
        self,
        report: Report,
        style: Style,
        *,
        verbose: bool,
        quiet: bool,
        opened: Collection[Stage] = (),
    ) -> Iterable[str]: ...


@dataclass(frozen=True, slots=True)
class Output:
    """One format, and where it goes."""

    format: str
    path: str = ""
    """Of the file; empty: standard output."""


def _text(
    report: Report, style: Style, *, verbose: bool, quiet: bool, opened: Collection[Stage] = ()
) -> Iterable[str]:
    from smtpcheck.report.text import render_text

    return render_text(report, style, verbose=verbose, quiet=quiet, opened=opened)


def _json(report: Report, style: Style, **_wishes: object) -> Iterable[str]:  # noqa: ARG001 -- a document for programs is the same for every reader
    from smtpcheck.report.json_report import render_json

    return render_json(report)


def _html(report: Report, style: Style, **_wishes: object) -> Iterable[str]:  # noqa: ARG001 -- a document to pass on is the same for every reader
    from smtpcheck.report.html import render_html

    return render_html(report)


def _jsonl(report: Report, style: Style, **_wishes: object) -> Iterable[str]:  # noqa: ARG001
    from smtpcheck.report.jsonl import render_jsonl

    return render_jsonl(report)


def _junit(report: Report, style: Style, **_wishes: object) -> Iterable[str]:
    from smtpcheck.report.junit import render_junit

    return render_junit(report, style)


def _nagios(report: Report, style: Style, **_wishes: object) -> Iterable[str]:
    from smtpcheck.report.nagios import render_nagios

    return render_nagios(report, style)


def _github(report: Report, style: Style, **_wishes: object) -> Iterable[str]:
    from smtpcheck.report.github import render_github

    return render_github(report, style)


def _prometheus(report: Report, style: Style, **_wishes: object) -> Iterable[str]:
    from smtpcheck.report.metrics import render_prometheus

    return render_prometheus(report, style)


def _openmetrics(report: Report, style: Style, **_wishes: object) -> Iterable[str]:
    from smtpcheck.report.metrics import render_openmetrics

    return render_openmetrics(report, style)


def _markdown(report: Report, style: Style, **_wishes: object) -> Iterable[str]:
    from smtpcheck.report.markdown import render_markdown

    return render_markdown(report, style)


def _sarif(report: Report, style: Style, **_wishes: object) -> Iterable[str]:
    from smtpcheck.report.sarif import render_sarif

    return render_sarif(report, style)


FORMATS: dict[str, Renderer] = {
    "text": _text,
    "json": _json,
    "jsonl": _jsonl,
    "junit": _junit,
    "github": _github,
    "nagios": _nagios,
    "prometheus": _prometheus,
    "openmetrics": _openmetrics,
    "sarif": _sarif,
    "markdown": _markdown,
    "html": _html,
}


def parse_format_options(values: Sequence[str]) -> list[Output]:
    """What each `--format FORMAT` or `--format FORMAT=FILE` asks for, in order; text on standard
    output comes first where nothing else goes there. Raises UsageError for an unknown format, a
    file without a name or named twice, and a second format on standard output."""
    outputs = [_output(value) for value in values]
    to_stdout = [output.format for output in outputs if not output.path]
    if len(to_stdout) > 1:
        raise UsageError(
            f"standard output takes one format, not {len(to_stdout)}: {', '.join(to_stdout)}",
            [f"write the others to files: --format {to_stdout[1]}=FILE"],
        )
    paths = [output.path for output in outputs if output.path]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError(f"two formats would be written to {path}", ["give each its own file"])
    return outputs if to_stdout else [Output("text"), *outputs]


def _output(value: str) -> Output:
    name, equals, path = value.partition("=")
    if name not in FORMATS:
        raise UsageError(f"unknown format {name!r}", _suggestions(name))
    if equals and not path:
        raise UsageError(
            f"--format {value} names no file", [f"write --format {name}=FILE, or --format {name}"]
        )
    return Output(name, "" if path == "-" else path)


def _suggestions(name: str) -> list[str]:
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), FORMATS, n=1)
    guess = [f"did you mean {close[0]}?"] if close else []
    return [*guess, f"formats are {', '.join(FORMATS)}; add =FILE to write one to a file"]
