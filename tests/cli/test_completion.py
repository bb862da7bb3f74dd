"""Completion offers what the commands take, and nothing that this machine does not have."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import typer

from smtpcheck.cli.app import app
from smtpcheck.cli.commands import COMMANDS
from smtpcheck.cli.completion_scripts import completion_script
from smtpcheck.cli.completion_words import Spot, spots
from smtpcheck.cli.front_page import front_page
from smtpcheck.cli.words import words
from smtpcheck.store.presets import preset_names
from tests.cli.command_line import CommandLine

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(scope="module")
def tree() -> list[Spot]:
    return spots()


def test_the_front_page_is_the_one_that_typer_prints(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert front_page() == smtpcheck("--help").out


def test_a_narrow_terminal_gets_the_page_that_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert front_page() is None


def test_every_command_of_the_front_page_is_a_spot(tree: list[Spot]) -> None:
    known = {spot.path for spot in tree}
    root = typer.main.get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    assert set(root.commands) == set(COMMANDS) <= known


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_has_every_command_and_every_option(shell: str, tree: list[Spot]) -> None:
    script = completion_script(shell, tree)
    for spot in tree:
        for choice in (*spot.commands, *spot.options):
            assert choice.word in script, (spot.path, choice.word)
    assert not re.search("<[a-z]+>", script), "a table is missing"


def test_hidden_options_are_not_offered(tree: list[Spot]) -> None:
    init = next(spot for spot in tree if spot.path == "profile init")
    assert "--password" not in [choice.word for choice in init.options]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed_and_the_shell_can_read_it(
    smtpcheck: CommandLine, tmp_path: Path, shell: str
) -> None:
    done = smtpcheck("completion", shell)
    assert (done.code, done.err) == (0, "")
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(done.out)
    assert subprocess.run([shell, "-n", str(tmp_path / "script")], check=False).returncode == 0


def test_an_unknown_shell_is_refused(smtpcheck: CommandLine) -> None:
    assert smtpcheck("completion", "tcsh").code == 2


def test_only_names_that_a_profile_can_have_are_offered(smtpcheck: CommandLine) -> None:
    for name in ("office", "b.2", "$(touch x)", "-n", "evil\x1b[31m", ".hidden"):
        smtpcheck.write(name, "")
    assert words(["profiles"]) == "b.2\noffice\n"


def test_presets_are_offered_by_name() -> None:
    assert sorted(words(["presets"]).split()) == sorted(preset_names())


def test_an_unknown_kind_and_a_missing_folder_have_no_words(smtpcheck: CommandLine) -> None:
    assert words(["profiles", "moons"]) == ""


BASH_CASES = {
    ("smtpcheck", "pro"): {"probe", "profile"},
    ("smtpcheck", "probe", "of"): {"office"},
    ("smtpcheck", "probe", "office", "h"): {"home"},
    ("smtpcheck", "probe", "--unt"): {"--until"},
    ("smtpcheck", "probe", "--until", "t"): {"tcp", "tls"},
    ("smtpcheck", "probe", "--until", "=", "t"): {"tcp", "tls"},
    ("smtpcheck", "probe", "--to", "o"): set(),
    ("smtpcheck", "probe", "--to", "profile", "--until", "a"): {"auth"},
    ("smtpcheck", "profile", "del"): {"delete"},
    ("smtpcheck", "profile", "delete", "o"): {"office"},
    ("smtpcheck", "profile", "delete", "office", "h"): set(),
    ("smtpcheck", "profile", "set", "office", "server.p"): {"server.port", "server.protocol"},
    ("smtpcheck", "profile", "init", "o"): set(),
    ("smtpcheck", "profile", "init", "--preset", "gma"): {"gmail"},
    ("smtpcheck", "profile", "presets", "fast"): {"fastmail"},
    ("smtpcheck", "completion", ""): {"bash", "zsh", "fish"},
    ("smtpcheck", "bogus", ""): set(),
}


def test_bash_completes(smtpcheck: CommandLine, tmp_path: Path, tree: list[Spot]) -> None:
    if not shutil.which("bash"):
        pytest.skip("bash is not installed")
    for name in ("office", "home"):
        smtpcheck.write(name, "")
    program = tmp_path / "smtpcheck"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m smtpcheck "$@"\n')
    program.chmod(0o755)
    script = tmp_path / "script"
    script.write_text(completion_script("bash", tree))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for typed, wanted in BASH_CASES.items():
        assert _bash(script, program, typed, environment) == wanted, typed


def _bash(script: Path, program: Path, typed: tuple[str, ...], env: Mapping[str, str]) -> set[str]:
    """What bash's own variables make the function answer."""
    code = (
        '. "$1"; program=$2; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
        ' _smtpcheck "$program" "${@: -1}" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    argv = ["bash", "-c", code, "bash", str(script), str(program), *typed]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.stderr == ""
    return set(done.stdout.split())
