"""`smtpcheck explain`: cause and fix for a pasted error, a log, a bounce; the page of a cause."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from smtpcheck.cli.command import Command, new_app
from smtpcheck.model.errors import UsageError
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import ExitCode

if TYPE_CHECKING:
    from smtpcheck.cli.text_input import Source
    from smtpcheck.diagnosis.explain import Explanation
    from smtpcheck.report.log_groups import LogCounts

app = new_app()
_LONGEST_LINE = 4_000_000


class Format(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


@app.command(cls=Command)
def explain(
    *,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[TEXT | FILE | - | CAUSE-ID]",
            help="An error message, a file that holds one, standard input, or the id of a cause.",
        ),
    ] = [],  # noqa: B006 - typer makes a new list for each run
    format_: Annotated[
        Format,
        typer.Option("--format", "-f", help="jsonl answers lines of {id, text} on standard input."),
    ] = Format.TEXT,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show all that is known.")
    ] = False,
) -> None:
    """Find the cause and the fix for a pasted error, a log or a bounce; show the page of a cause.

    Example: smtpcheck explain "535 5.7.8 Username and Password not accepted"
    """
    if format_ is Format.JSONL:
        if words not in ([], ["-"]):
            raise UsageError(
                "--format jsonl reads standard input",
                ['pipe lines of {"id": ..., "text": ...} into it'],
            )
        raise typer.Exit(_answer_lines(sys.stdin.buffer))
    raise typer.Exit(_explain(words, format_, verbose=verbose))


def _explain(words: list[str], format_: Format, *, verbose: bool) -> int:
    from smtpcheck.cli.text_input import decoded, names_a_file, opened

    if not words and sys.stdin.isatty():
        raise UsageError(
            "there is nothing to explain",
            [
                'paste the message in quotes: smtpcheck explain "535 5.7.8 ..."',
                "or name a file, or pipe a log into it",
            ],
        )
    if words in ([], ["-"]) or names_a_file(words):
        with opened(words[0] if words else "-") as source:
            from smtpcheck.api import is_log

            if is_log(source.head):
                return _show_log(_counted(source), format_, verbose=verbose)
            return _show_text(decoded(source.head), format_, verbose=verbose)
    if len(words) == 1 and re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+", words[0]):
        return _show_page(words[0], format_)
    _refuse_missing_file(words)
    return _show_text(" ".join(words), format_, verbose=verbose)


def _show_text(text: str, format_: Format, *, verbose: bool) -> int:
    from smtpcheck.api import explain_fully
    from smtpcheck.report.json_report import SCHEMA, diagnosis_to_data, dump

    told = explain_fully(text)
    if format_ is Format.JSON:
        found: list[Json] = [diagnosis_to_data(each) for each in told.diagnoses]
        data: dict[str, Json] = {"schema": SCHEMA, "diagnoses": found}
        sys.stdout.write(dump(data, indent=2) + "\n")
    elif told.diagnoses:
        from smtpcheck.cli.terminal import style_for
        from smtpcheck.report.text import render_diagnoses

        sys.stdout.write(render_diagnoses(told.diagnoses, style_for(sys.stdout), verbose=verbose))
    else:
        _say_why_none(told)
    return ExitCode.OK if told.diagnoses else ExitCode.FINDINGS


def _say_why_none(told: Explanation) -> None:
    from smtpcheck.cli.terminal import style_for
    from smtpcheck.report.rows import Role, hanging, paint, row, shown

    style = style_for(sys.stdout)
    rows = hanging(
        row(("no cause: ", Role.TITLE)), shown(told.nature.says, style), style, hard=False
    )
    for at, step in enumerate(told.nature.fetch):
        rows += [row(("  fetch: " if not at else "         ", Role.LABEL), shown(step, style))]
    sys.stdout.write(paint(rows, style))


def _answer_lines(lines: Iterable[bytes]) -> int:
    """One line of JSON for each line of JSON, written as soon as it is known."""
    from smtpcheck.api import explain as explain_one
    from smtpcheck.report.json_report import diagnosis_to_data, dump

    code = ExitCode.FINDINGS
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        asked = _asked(raw, number)
        found = explain_one(asked["text"])
        answer = {"id": asked.get("id"), "diagnoses": [diagnosis_to_data(each) for each in found]}
        sys.stdout.write(dump(answer) + "\n")
        sys.stdout.flush()
        if found:
            code = ExitCode.OK
    return code


def _asked(raw: bytes, number: int) -> dict[str, str]:
    wanted = [f'line {number} is to be {{"id": ..., "text": "..."}}']
    if len(raw) > _LONGEST_LINE:
        raise UsageError(f"line {number} is too long", wanted)
    try:
        asked = json.loads(raw)
    except (ValueError, RecursionError):
        raise UsageError(f"line {number} is no JSON", wanted) from None
    if not isinstance(asked, dict) or not isinstance(asked.get("text"), str):
        raise UsageError(f"line {number} has no text", wanted)
    return asked


def _show_page(cause: str, format_: Format) -> int:
    from smtpcheck.api import cause_page
    from smtpcheck.report.cause_page import page_to_data, render_page
    from smtpcheck.report.json_report import dump

    page = cause_page(cause)
    if format_ is Format.JSON:
        sys.stdout.write(dump(page_to_data(page), indent=2) + "\n")
    else:
        from smtpcheck.cli.terminal import style_for

        sys.stdout.write(render_page(page, style_for(sys.stdout)))
    return ExitCode.OK


def _show_log(counts: LogCounts, format_: Format, *, verbose: bool) -> int:
    from smtpcheck.report.json_report import dump
    from smtpcheck.report.log_groups import log_to_data, render_log

    if format_ is Format.JSON:
        sys.stdout.write(dump(log_to_data(counts), indent=2) + "\n")
    else:
        from smtpcheck.cli.terminal import style_for

        sys.stdout.write(render_log(counts, style_for(sys.stdout), verbose=verbose))
    return ExitCode.OK if counts.causes else ExitCode.FINDINGS


def _counted(source: Source) -> LogCounts:
    from smtpcheck.api import explain_log

    return explain_log(_watched(source))


def _watched(source: Source) -> Iterator[bytes]:
    """The pieces of the log; how far it is, on a terminal."""
    from smtpcheck.cli.terminal import can_redraw

    if not can_redraw(sys.stderr):
        yield from source.pieces()
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("reading the log", total=source.size or None)
        for piece in source.pieces():
            yield piece
            progress.advance(task, len(piece))


def _refuse_missing_file(words: list[str]) -> None:
    """A word that can only be meant as a file is not explained as a text."""
    if len(words) == 1 and re.fullmatch(
        r"\S{1,300}\.(?:log|txt|eml|json|out|err)|\.{0,2}/\S{1,300}", words[0]
    ):
        raise UsageError(
            f"there is no file {words[0]}", ["name a file that exists, or quote the message"]
        )
