"""What the parser of the command line finds wrong, in the words of our own usage errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from smtpcheck.model.errors import UsageError

ParserError: type[Exception] = typer.BadParameter.__mro__[1]
"""Every usage error of the library that parses the command line."""
_PASSWORD_OPTIONS = ("--password", "--passwd", "--pass", "--pw", "--token", "--secret")


def refused(error: Any) -> UsageError | None:
    """What the parser says, as a usage error of ours; None where it only shows the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return None
    ctx = error.ctx
    message, help_ = _words(error, ctx)
    if ctx is not None:
        help_.append(f"see {ctx.command_path} --help")
    return UsageError(message, help_)


def unknown_command(name: str, path: str, known: Sequence[str]) -> UsageError:
    """A word that is no command, with the one that is meant."""
    help_ = [f"did you mean {path} {near}?" for near in _near(name, known)]
    if " " not in path and not help_ and any(c in name for c in ".:@"):
        help_.append(f"to test a server: {path} probe {name}")
    help_.append(f"see {path} --help")
    return UsageError(f"no such command: {name}", help_)


def _words(error: Any, ctx: Any) -> tuple[str, list[str]]:
    kind, option = type(error).__name__, str(getattr(error, "option_name", "") or "")
    if kind == "NoSuchOption":
        return _unknown_option(option, ctx)
    if kind == "MissingParameter" and error.param is not None:
        return f"{_name(error.param, ctx)} is missing", [f"usage: {_usage(ctx)}"]
    if kind == "BadParameter" and error.param is not None:
        return _wrong_value(error, ctx)
    text = str(error.message).rstrip(".")
    if kind == "BadOptionUsage" and "requires" in text:
        return f"{option} needs a value", []
    if kind == "BadOptionUsage" and "does not take" in text:
        return f"{option} takes no value", []
    if text.startswith("Got unexpected extra argument"):
        extra = text.partition("(")[2].partition("(")[2].rstrip(")")
        return f"this is too much: {extra}", [f"usage: {_usage(ctx)}"]
    return f"{text[:1].lower()}{text[1:]}", []


def _unknown_option(option: str, ctx: Any) -> tuple[str, list[str]]:
    if option in _PASSWORD_OPTIONS:
        return f"there is no option {option}: everybody on this machine would see its value", [
            "for one run: set the environment variable SMTPCHECK_PASSWORD",
            "or keep it in the keyring: smtpcheck secret set PROFILE",
            "or name a source: --set 'auth.password={env=\"NAME\"}'",
        ]
    known = [word for each in ctx.command.get_params(ctx) for word in _options(each)]
    meant = [f"--set {key}=VALUE" for key in _settings_called(option) if "--set" in known]
    meant = meant or _near(option, known)
    return f"no such option: {option}", [f"did you mean {each}?" for each in meant]


def _settings_called(option: str) -> list[str]:
    """The keys that an option would have for its name: `server.port` for `--port`."""
    from smtpcheck.store.keys import KEYS

    word = option.lstrip("-").replace("-", "_")
    return [key.name for key in KEYS.values() if key.field == word][:1]


def _wrong_value(error: Any, ctx: Any) -> tuple[str, list[str]]:
    text = str(error.message).rstrip(".")
    if choices := getattr(error.param.type, "choices", None):
        named = ", ".join(str(getattr(each, "value", each)) for each in choices)
        text = f"{text.partition(' is not ')[0]} is not one of {named}"
    return f"{_name(error.param, ctx)} {text}", []


def _name(param: Any, ctx: Any) -> str:
    """`--jobs`, or the argument as the help calls it."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return str(param.make_metavar(ctx=ctx)).strip("[].")


def _usage(ctx: Any) -> str:
    pieces = " ".join(ctx.command.collect_usage_pieces(ctx))
    return f"{ctx.command_path} {pieces}"


def _options(param: Any) -> list[str]:
    hidden = getattr(param, "hidden", False) or param.param_type_name != "option"
    return [] if hidden else [*param.opts, *param.secondary_opts]


def _near(word: str, known: Sequence[str]) -> list[str]:
    """The known word that was meant, or nothing; a beginning of just one counts."""
    from difflib import get_close_matches

    bare = {each.strip("-"): each for each in known}
    stem = word.strip("-")
    begun = [each for each in bare if len(stem) > 1 and each.startswith(stem)]
    near = begun if len(begun) == 1 else get_close_matches(stem, bare, 1, 0.6)
    return [bare[each] for each in near]
