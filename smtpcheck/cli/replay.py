"""`smtpcheck replay`: a saved report judged again with today's catalogue, without the network."""

from __future__ import annotations

from typing import Annotated

import typer

from smtpcheck.cli import options
from smtpcheck.cli.command import Command, new_app

app = new_app()


@app.command(cls=Command)
def replay(
    *,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A report of probe --format json; - reads standard input."
        ),
    ],
    formats: options.Formats = [],  # noqa: B006 - typer makes a new list for each run
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> None:
    """Judge a saved JSON report again with today's catalogue, without the network.

    Ends with the exit code that the run had.

    Example: smtpcheck replay report.json
    """
    from smtpcheck.api import replay as judge_again
    from smtpcheck.cli.saved_report import saved_report
    from smtpcheck.cli.session import Wishes, ended, write_report
    from smtpcheck.report.formats import parse_format_options

    outputs = parse_format_options(list(formats))
    report = judge_again(saved_report(file))
    wishes = Wishes(formats=formats, verbose=verbose, quiet=quiet)
    failed = [write_report(report, output, wishes) for output in outputs]
    raise typer.Exit(ended(report, outputs, failed))
