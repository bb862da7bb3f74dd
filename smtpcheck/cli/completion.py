"""`smtpcheck completion`: what makes a shell complete commands, options and profile names."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from smtpcheck.cli.command import Command, new_app

app = new_app()


class Shell(StrEnum):
    """The shells that a script is written for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(cls=Command)
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell.

    Example: source <(smtpcheck completion bash)
    """
    from smtpcheck.cli.completion_scripts import completion_script
    from smtpcheck.cli.completion_words import spots

    typer.echo(completion_script(shell, spots()), nl=False)
