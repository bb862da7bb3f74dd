"""What every command has in common: its settings, and a usage line in plain words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

CONTEXT = {"help_option_names": ["-h", "--help"]}


class StoppedError(Exception):
    """The user stopped the command."""


class Command(TyperCommand):
    """Names its arguments as the help does: `NAME`, and none that is hidden."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command. Raises StoppedError for Ctrl-C, which typer would end in silence."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError from None

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words behind the command: `[OPTIONS]`, `NAME`, `[TARGET]...`."""
        pieces = [self.options_metavar] if self.options_metavar else []
        for each in self.get_params(ctx):
            if not getattr(each, "hidden", False):
                pieces += [_without_braces(piece) for piece in each.get_usage_pieces(ctx)]
        return pieces


class Group(TyperGroup):
    """A command that has commands of its own, and says which was meant."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The named command. Raises UsageError for a name that no command has."""
        from smtpcheck.cli.refusal import unknown_command

        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            raise unknown_command(name, ctx.command_path, self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def new_app(help_: str | None = None, *, alone: bool = False) -> typer.Typer:
    """A command, or with `help_` a group of commands, with the settings that all of ours share. A
    group that does something `alone` shows no help when no command is named."""
    return typer.Typer(
        cls=Group if help_ else None,
        help=help_,
        no_args_is_help=help_ is not None and not alone,
        add_completion=False,
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        rich_markup_mode=None,
        context_settings=CONTEXT,
    )


def between(low: float, high: float) -> Callable[[str | float], Any]:
    """Reads a number of an option: a whole one where the bounds are. Raises BadParameter with
    what is allowed."""
    whole = isinstance(low, int)

    def read(text: str | float) -> float:
        try:
            number = int(text) if whole else float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            kind = "a whole number" if whole else "a number"
            raise typer.BadParameter(f"{str(text)!r} is not {kind} from {low:g} to {high:g}")
        return number

    return read


def _without_braces(piece: str) -> str:
    """typer writes `{NAME}` for an argument that is needed."""
    return piece[1:-1] if piece.startswith("{") and piece.endswith("}") else piece
