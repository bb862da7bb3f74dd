"""What can be typed where: the tree of commands as completion needs it, read from typer's own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from smtpcheck.cli.commands import COMMANDS, VERSION_HELP
from smtpcheck.model.value import dataclass

PROFILES, PRESETS, FILES = "@profiles", "@presets", "@files"
"""Words that only the machine knows: asked for while typing, or left to the shell."""
_ARGUMENTS = {
    "targets": (PROFILES, FILES),
    "target": (PROFILES, FILES),
    "name": (PROFILES,),
    "names": (PROFILES, FILES),
    "profile": (PROFILES,),
    "old": (PROFILES,),
    "source": (PROFILES,),
    "words": (PRESETS,),
}
_NEW_NAMES = {("profile init", "name"), ("profile copy", "target")}
"""Arguments that name what does not exist yet."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option or a command that can be typed."""

    word: str
    help: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the tree of commands, and what may follow it."""

    path: str
    """The commands so far: `profile init`; empty at the start."""
    commands: tuple[Choice, ...]
    options: tuple[Choice, ...]
    values: dict[str, tuple[str, ...]]
    """By option: the words of its value. An option that takes no value is not here."""
    arguments: tuple[tuple[str, ...], ...]
    """The words of each argument in order."""
    endless: bool
    """The last argument may be given again and again."""


def spots() -> list[Spot]:
    """Every place in the tree, the start first. Imports every command."""
    import typer

    found: list[Spot] = []
    for name, (module, _) in COMMANDS.items():
        app = import_module(f"smtpcheck.cli.{module}").app
        found += _walk(typer.main.get_command(app), name)
    commands = tuple(Choice(name, help_) for name, (_, help_) in COMMANDS.items())
    options = (Choice("--version", VERSION_HELP), *_HELP)
    return [Spot("", commands, options, {}, (), endless=False), *found]


_HELP = (Choice("--help", "Show this message and exit."), Choice("-h", "Show this message."))


def _walk(command: Any, path: str) -> Iterator[Spot]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    shown = [each for each in command.params if not getattr(each, "hidden", False)]
    options = [each for each in shown if each.param_type_name == "option"]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    yield Spot(
        path,
        tuple(Choice(name, each.get_short_help_str(70)) for name, each in inner.items()),
        (*(Choice(word, each.help or "") for each in options for word in each.opts), *_HELP),
        {word: _values(each) for each in options if not each.is_flag for word in each.opts},
        tuple(_argument(path, each) for each in arguments),
        endless=any(each.nargs == -1 for each in arguments),
    )
    for name, each in inner.items():
        yield from _walk(each, f"{path} {name}")


def _values(option: Any) -> tuple[str, ...]:
    """The words of an option's value; empty where anything may stand."""
    from smtpcheck.model.profile import SECURITY
    from smtpcheck.model.stage import STEPS
    from smtpcheck.report.formats import FORMATS

    stages = (*map(str, STEPS), "ehlo", "mail", "rcpt")
    by_name = {"--until": stages, "--preset": (PRESETS,), "--security": SECURITY}
    by_metavar = {"FORMAT[=FILE]": tuple(FORMATS), "FILE": (FILES,), "PATH": (FILES,)}
    return (
        tuple(getattr(option.type, "choices", ()))
        or by_name.get(option.opts[0])
        or by_metavar.get(option.metavar or "")
        or ()
    )


def _argument(path: str, argument: Any) -> tuple[str, ...]:
    if (path, argument.name) in _NEW_NAMES:
        return ()
    if argument.name in ("pairs", "keys"):
        from smtpcheck.store.keys import KEYS

        return tuple(KEYS)
    choices = tuple(getattr(argument.type, "choices", ()))
    return choices or _ARGUMENTS.get(argument.name or "", ())
