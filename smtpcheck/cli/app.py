"""The command line: which commands there are, and what an error looks like.

A command's module is imported when the command is used and not before; `commands.py` holds what
`--help` needs to know of it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from smtpcheck.cli.command import CONTEXT, Group, StoppedError
from smtpcheck.cli.commands import COMMANDS, SUMMARY, VERSION_HELP
from smtpcheck.cli.failure import defect, usage_failure
from smtpcheck.cli.refusal import ParserError, refused
from smtpcheck.model.errors import UsageError
from smtpcheck.model.stage import ExitCode


class LazyGroup(Group):
    """Shows every command, imports the one that is used."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (_, help_) in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=help_, callback=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Replaces the named command by the real one."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in COMMANDS:
            module = import_module(f"smtpcheck.cli.{COMMANDS[name][0]}")
            command = typer.main.get_command(module.app)
            command.name = name
            self.commands[name] = command
        return name, command, rest


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings=CONTEXT,
    help=SUMMARY,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        from smtpcheck import __version__

        typer.echo(f"smtpcheck {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: bool = typer.Option(
        False,  # noqa: FBT003
        "--version",
        help=VERSION_HELP,
        is_eager=True,
        callback=lambda value: _version(wanted=value),
    ),
) -> None:
    """What stands before the command; the page's text is `SUMMARY`."""


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code."""
    code, said = _ended(arguments)
    if said:
        sys.stderr.write(said)
    if "nagios" not in " ".join(arguments):
        return code
    from smtpcheck.cli.plugin import plugin_code

    return plugin_code(arguments, code, said)


def _ended(arguments: list[str]) -> tuple[int, str]:
    """The exit code, and what is to be said where no report came to be."""
    try:
        ended = app(args=arguments, prog_name="smtpcheck", standalone_mode=False)
    except SystemExit as end:
        return (end.code if isinstance(end.code, int) else int(end.code is not None)), ""
    except ParserError as error:
        return ExitCode.USAGE, _refusal(error)
    except UsageError as error:
        return ExitCode.USAGE, usage_failure(error)
    except (StoppedError, KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED, "interrupted\n"
    except BrokenPipeError:
        # Whoever read our output went away; say nothing more to nobody.
        sys.stdout = None  # keeps the interpreter from flushing it
        return ExitCode.FINDINGS, ""
    except Exception as error:  # noqa: BLE001 - whatever comes here is a defect of ours
        return ExitCode.DEFECT, defect(error)
    return (ended if isinstance(ended, int) else ExitCode.OK), ""


def _refusal(error: Any) -> str:
    refusal = refused(error)
    if refusal is not None:
        return usage_failure(refusal)
    error.show()  # a command alone gets its help
    return ""
