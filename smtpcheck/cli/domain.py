"""`smtpcheck domain`: whether a sender's domain is ready."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from smtpcheck.cli import options
from smtpcheck.cli.command import Command, new_app
from smtpcheck.model.stage import ExitCode

app = new_app()


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


@app.command(cls=Command)
def domain(  # noqa: PLR0913 - one parameter an option
    what: Annotated[
        str,
        typer.Argument(
            metavar="[DOMAIN]",
            help="A domain, an address in it, or a profile; else that of the only profile.",
        ),
    ] = "",
    *,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="Hold the domain against this profile.")
    ] = "",
    provider: Annotated[
        str, typer.Option(metavar="PRESET", help="Hold it against this provider; no profile.")
    ] = "",
    selectors: Annotated[
        list[str],
        typer.Option("--selector", metavar="S", help="Check this DKIM key; repeatable."),
    ] = [],  # noqa: B006 - typer makes a new list for each run
    source_ip: Annotated[
        str,
        typer.Option(
            metavar="IP", help="The public address that mail leaves from: its SPF and reverse DNS."
        ),
    ] = "",
    helo: Annotated[str, typer.Option(metavar="NAME", help="The name that it says in EHLO.")] = "",
    dnsbl: Annotated[
        bool, typer.Option("--dnsbl", help="Ask DNS block lists about domain and address.")
    ] = False,
    connect: Annotated[
        bool,
        typer.Option(
            "--mx", help="Connect to port 25 of each MX and look at its certificate, too."
        ),
    ] = False,
    resolver: options.Resolver = "",
    deadline: options.DeadlineSeconds = 60,
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to write the report.")
    ] = Format.TEXT,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show all look-ups and sources.")
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Find out whether the sender's domain is ready: SPF, DKIM, DMARC, MX, TLS policy.

    Asks DNS, and the domain's web server for its MTA-STS policy; sends no mail. Each finding names
    its cause, and the record to publish. Ends with exit code 1 when there are findings. Needs
    pip install 'smtpcheck[domain]'.

    Example: smtpcheck domain example.com --provider office365
    """
    from smtpcheck.api.domain import DomainPlan, check_domain
    from smtpcheck.api.domain_question import DomainWishes

    wishes = DomainWishes(
        what=what,
        profile=profile,
        preset=provider,
        selectors=selectors,
        source_ip=source_ip,
        helo=helo,
    )
    plan = DomainPlan(resolver=resolver, deadline=deadline, ask_lists=dnsbl, connect=connect)
    with _waiting():
        report = check_domain(wishes, plan)
    if format_ is Format.JSON:
        from smtpcheck.report.domain_json import render_domain_json

        sys.stdout.write(render_domain_json(report))
    else:
        from smtpcheck.cli.terminal import style_for
        from smtpcheck.report.domain_text import render_domain

        style = style_for(sys.stdout)
        sys.stdout.write(render_domain(report, style, verbose=verbose, quiet=quiet))
    raise typer.Exit(ExitCode.FINDINGS if report.findings else ExitCode.OK)


@contextmanager
def _waiting() -> Iterator[None]:
    """Says on a terminal that something goes on: DNS may take its time."""
    from smtpcheck.cli.terminal import can_redraw

    if not can_redraw(sys.stderr):
        yield
        return
    from rich.console import Console

    with Console(file=sys.stderr).status("asking DNS"):
        yield
