"""`smtpcheck causes`: the catalogue of causes, and the check of a folder of rules."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from smtpcheck.cli.command import Command, new_app
from smtpcheck.model.errors import UsageError
from smtpcheck.model.stage import ExitCode


class Format(StrEnum):
    """How the catalogue is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to write it.")]

app = new_app("List the causes that are known, or check rules of your own.")
app.info.no_args_is_help = False  # alone it lists the causes


@app.callback(invoke_without_command=True)
def causes(context: typer.Context, *, format_: FormatOption = Format.TEXT) -> None:
    """List the causes that are known, or check rules of your own.

    Example: smtpcheck explain auth-bad-credentials shows one of them
    """
    if context.invoked_subcommand is not None:
        return
    from smtpcheck.api import cause_pages
    from smtpcheck.report.cause_page import render_causes
    from smtpcheck.report.json_report import SCHEMA, dump

    pages = cause_pages()
    if format_ is Format.JSON:
        sys.stdout.write(dump({"schema": SCHEMA, "causes": pages}, indent=2) + "\n")
        return
    if format_ is Format.MARKDOWN:
        from smtpcheck.report.cause_markdown import render_causes_markdown

        sys.stdout.write(render_causes_markdown(pages))
        return
    from smtpcheck.cli.terminal import style_for

    sys.stdout.write(render_causes(pages, style_for(sys.stdout)))


@app.command("test", cls=Command)
def test_rules(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with files of rules.")],
) -> None:
    """Check a folder of rules as the shipped ones are checked.

    Every example must be won by its own rule against the whole catalogue, and no counterexample
    may be claimed. Ends with exit code 1 when one is not.

    Example: smtpcheck causes test ./rules
    """
    if not folder.is_dir():
        raise UsageError(
            f"there is no folder {folder}", ["name a folder that holds TOML files of rules"]
        )
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise UsageError(
            f"{folder} holds no TOML file", ["docs/catalogue.md says how rules are written"]
        )
    from smtpcheck.api import prove_rules
    from smtpcheck.catalog.loader import CatalogError
    from smtpcheck.report.escape import escape

    try:
        proof = prove_rules(folder)
    except CatalogError as error:
        for problem in error.problems:
            typer.echo(escape(str(problem), limit=0))
        raise typer.Exit(ExitCode.FINDINGS) from None
    for failure in proof.failures:
        typer.echo(escape(failure, limit=0))
    rules = "1 rule" if proof.rules == 1 else f"{proof.rules} rules"
    state = "hold" if proof.rules != 1 else "holds"
    wrong = len(proof.failures)
    typer.echo(
        f"{rules} in {len(files)} {'file' if len(files) == 1 else 'files'}: "
        + (f"{wrong} wrong" if wrong else state)
    )
    raise typer.Exit(ExitCode.FINDINGS if proof.failures else ExitCode.OK)
