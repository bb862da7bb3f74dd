"""`smtpcheck discover`: the settings for a mail address, found, proved, offered as a profile."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from smtpcheck.cli import options
from smtpcheck.cli.command import Command, between, new_app
from smtpcheck.model.errors import UsageError
from smtpcheck.model.stage import ExitCode

if TYPE_CHECKING:
    from smtpcheck.cli.discover_profile import Offering
    from smtpcheck.model.discovery import Discovery

app = new_app()


class Format(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"


@app.command(cls=Command)
def discover(  # noqa: PLR0913 - one parameter an option
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="A mail address; or its domain alone.")
    ],
    *,
    save: Annotated[
        str, typer.Option("--save", metavar="NAME", help="Save the best as this profile.")
    ] = "",
    accept: Annotated[
        str,
        typer.Option(metavar="HOST", help="Take this server, though nobody vouches for it."),
    ] = "",
    password_env: options.PasswordEnv = None,
    password_file: options.PasswordFile = None,
    password_command: options.PasswordCommand = None,
    force: options.Force = False,
    every: Annotated[
        bool, typer.Option("--all", help="Ask every source, also where a preset vouches.")
    ] = False,
    ispdb: Annotated[
        bool,
        typer.Option("--ispdb", help="Ask Thunderbird's database, too; it is told the domain."),
    ] = False,
    no_probe: Annotated[
        bool, typer.Option("--no-probe", help="Find servers, but do not connect to them.")
    ] = False,
    deadline: Annotated[
        float,
        typer.Option(metavar="SECONDS", parser=between(0.1, 3600), help="For the whole search."),
    ] = 60,
    ipv4: options.OnlyIpv4 = False,
    ipv6: options.OnlyIpv6 = False,
    resolver: options.Resolver = "",
    settings: options.Settings = [],  # noqa: B006 - typer makes a new list for each run
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to write it.")] = (
        Format.TEXT
    ),
    quiet: options.Quiet = False,
    no_input: options.NoInput = False,
) -> None:
    """Find the submission server of a mail address, prove it, and offer it as a profile.

    Asks DNS (SRV, MX), the shipped presets and the domain's own web servers, then tries what they
    name, side by side, up to EHLO inside verified TLS. Nothing logs in before a server is chosen.

    Example: smtpcheck discover me@example.com --save mine
    """
    from smtpcheck.api.discovering import Search, read_subject
    from smtpcheck.api.discovering import discover as search_for
    from smtpcheck.cli.discover_profile import (
        Offering,
        accepted,
        check_name,
        settings_of_environment,
    )
    from smtpcheck.cli.profile_answers import password_text

    subject = read_subject(address)
    given = options.settings_given(settings, ipv4=ipv4, ipv6=ipv6)
    offering = Offering(
        name=save,
        accept=accepted(accept),
        password=password_text(password_env, password_file, password_command, stdin=False) or "",
        settings=given,
        force=force,
        probe=not no_probe,
        resolver=resolver,
    )
    check_name(offering, subject)
    search = Search(
        ispdb=ispdb,
        every=every,
        prove=not no_probe,
        deadline=deadline,
        resolver=resolver,
        overrides={**settings_of_environment(), **given},
    )
    with _watching(quiet=quiet) as told:
        found = search_for(subject, search, told)
    if format_ is Format.JSON:
        raise typer.Exit(_as_json(found, offering))
    raise typer.Exit(_as_text(found, offering, quiet=quiet, no_input=no_input))


def _as_text(found: Discovery, offering: Offering, *, quiet: bool, no_input: bool) -> int:
    from smtpcheck.cli.ask import terminal
    from smtpcheck.cli.discover_profile import command_for, offer, save_best
    from smtpcheck.cli.terminal import style_for
    from smtpcheck.report.discovery_text import render_discovery

    command = "" if offering.name else command_for(found, offering)
    text = render_discovery(found, style_for(sys.stdout), command=command, quiet=quiet)
    sys.stdout.write(text)
    sys.stdout.flush()
    if found.best is None:
        return ExitCode.FINDINGS
    if offering.name:
        return save_best(found, offering)
    asker = terminal(no_input=no_input)
    if asker is None or not found.subject.address or not offering.probe:
        return ExitCode.OK
    return offer(found, offering, asker)


def _as_json(found: Discovery, offering: Offering) -> int:
    """Saves first, so that the document can say how it went; what saving says goes to stderr."""
    from contextlib import redirect_stdout

    from smtpcheck.cli.discover_profile import command_for, save_best
    from smtpcheck.report.discovery_json import discovery_to_data
    from smtpcheck.report.json_report import dump

    code, failure = (ExitCode.FINDINGS if found.best is None else ExitCode.OK), None
    if found.best is not None and offering.name:
        try:
            with redirect_stdout(sys.stderr):
                code = ExitCode(save_best(found, offering))
        except UsageError as error:
            code, failure = ExitCode.USAGE, error
    data = discovery_to_data(found, exit_code=int(code), command=command_for(found, offering))
    sys.stdout.write(dump(data, indent=2) + "\n")
    sys.stdout.flush()
    if failure is not None:
        raise failure
    return code


@contextmanager
def _watching(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Tells on a terminal what is being done, on one line that goes away again."""
    from smtpcheck.cli.terminal import can_redraw

    if quiet or not can_redraw(sys.stderr):
        yield lambda _text: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(file=sys.stderr).status("") as status:
        yield lambda text: status.update(Text(text))
