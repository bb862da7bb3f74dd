"""`smtpcheck completion`: what makes a shell complete commands, options and profile names."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Shell(StrEnum):
    """The shells that a script is written for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command()
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell.

    Example: source <(smtpcheck completion bash)
    """
    from smtpcheck.cli.completion_scripts import completion_script
    from smtpcheck.cli.completion_words import spots

    typer.echo(completion_script(shell, spots()), nl=False)
