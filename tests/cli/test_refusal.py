"""A command line that cannot be read is refused in one style, with what was meant, and exit 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from smtpcheck.cli.app import app
from smtpcheck.cli.commands import COMMANDS
from tests.cli.command_line import CommandLine

WRONG = {
    ("prob",): ("no such command: prob", "did you mean smtpcheck probe?"),
    ("profile", "lst"): ("no such command: lst", "did you mean smtpcheck profile list?"),
    ("smtp.example.com",): (
        "no such command: smtp.example.com",
        "to test a server: smtpcheck probe smtp.example.com",
    ),
    ("probe", "--unti", "tcp", "x"): ("no such option: --unti", "did you mean --until?"),
    ("probe", "--port", "25", "x"): (
        "no such option: --port",
        "did you mean --set server.port=VALUE?",
    ),
    ("probe", "--tim"): ("no such option: --tim", "see smtpcheck probe --help"),
    ("probe", "--until"): ("--until needs a value", ""),
    ("probe", "--sandbox=3"): ("--sandbox takes no value", ""),
    ("probe", "--jobs", "0"): (
        "--jobs '0' is not a whole number from 1 to 4096",
        "see smtpcheck probe --help",
    ),
    ("probe", "--deadline", "nan"): (
        "--deadline 'nan' is not a number from 0.1 to 3600",
        "see smtpcheck probe --help",
    ),
    ("profile", "list", "--format", "yaml"): (
        "--format 'yaml' is not one of text, json",
        "see smtpcheck profile list --help",
    ),
    ("profile", "show"): ("NAME is missing", "usage: smtpcheck profile show [OPTIONS] NAME"),
    ("send-test", "a", "b"): (
        "this is too much: b",
        "usage: smtpcheck send-test [OPTIONS] [TARGET]",
    ),
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_a_wrong_command_line_is_a_usage_error_like_any_other(
    arguments: tuple[str, ...], smtpcheck: CommandLine
) -> None:
    message, help_ = WRONG[arguments]
    done = smtpcheck(*arguments)
    lines = done.err.splitlines()
    assert (done.code, done.out, lines[0]) == (2, "", f"error: {message}")
    assert not help_ or f"  help: {help_}" in lines


@pytest.mark.parametrize("arguments", [("--password=hunter2",), ("--password", "hunter2")])
def test_a_password_option_names_the_safe_ways_and_not_the_password(
    arguments: tuple[str, ...], smtpcheck: CommandLine
) -> None:
    done = smtpcheck("probe", "smtp.example.com", *arguments)
    assert done.code == 2
    assert "SMTPCHECK_PASSWORD" in done.err
    assert "hunter2" not in done.err + done.out


def test_nothing_in_an_argument_steers_the_terminal(smtpcheck: CommandLine) -> None:
    for arguments in (("\x1b[31m",), ("probe", "--\x1b[31m"), ("send-test", "a", "\x1b[31m")):
        assert "\x1b" not in smtpcheck(*arguments).err


@pytest.mark.parametrize("arguments", [(), ("profile",), ("secret",)])
def test_a_group_alone_shows_its_help(arguments: tuple[str, ...], smtpcheck: CommandLine) -> None:
    done = smtpcheck(*arguments)
    assert done.code == 2
    assert done.err.startswith("Usage: smtpcheck")
    assert "error:" not in done.err


def _commands(ctx: Any, command: Any) -> Iterator[tuple[str, ...]]:
    names = getattr(command, "commands", {})
    if not names:
        yield ()
    for name in names:
        _name, inner, _rest = command.resolve_command(ctx, [name])
        for path in _commands(ctx, inner):
            yield (name, *path)


def every_command() -> list[tuple[str, ...]]:
    root = typer.main.get_command(app)
    return list(_commands(typer.Context(root), root))


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_every_command_has_a_help_page_in_plain_words(
    path: tuple[str, ...], smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = smtpcheck(*path, "--help")
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert lines[0].startswith(f"Usage: smtpcheck {' '.join(path)} ")
    assert "{" not in lines[0]
    assert "extra" not in lines[0]
    assert "<=" not in done.out, "a range is words"
    assert " range>" not in done.out, "a number has a name"
    examples = [line for line in lines if line.startswith("  Example: ")]
    assert len(examples) == 1, "an example on a line of its own"
    assert f"smtpcheck {' '.join(path)}" in examples[0]


def test_each_command_is_walked() -> None:
    assert {path[0] for path in every_command()} == set(COMMANDS)
