"""The lists of targets that `--targets` names: a target a line, as on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from smtpcheck.api.targets import Wanted
from smtpcheck.model.errors import Problem, UsageError
from smtpcheck.model.target import split_settings, with_settings

_LONGEST = 4096
"""Octets of a line: more is no list of targets."""


def read_list(name: str, problems: list[Problem]) -> Iterator[Wanted]:
    """The targets of a file, or of standard input for `-`, one after the other. What is wrong with
    a line goes to `problems`. Raises UsageError for a file that cannot be read."""
    shown = "standard input" if name == "-" else name
    with _opened(name) as file:
        number = 0
        while line := _line(file, name):
            number += 1
            try:
                target, settings = split_settings(_decoded(line, first=number == 1))
            except UsageError as error:
                hint = error.help[0] if error.help else ""
                problems.append(Problem(shown, number, "", "", "", error.message, hint))
                if len(line) > _LONGEST:
                    return
                continue
            if target:
                yield Wanted(with_settings(target, settings), shown, number)


def _decoded(line: bytes, *, first: bool) -> str:
    if len(line) > _LONGEST:
        raise UsageError(f"the line is longer than {_LONGEST} octets: this is no list of targets")
    try:
        return line.decode("utf-8-sig" if first else "utf-8").strip()
    except UnicodeDecodeError:
        raise UsageError("the line is not UTF-8", ["save the file as UTF-8"]) from None


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below, after its own errors are told
    except OSError as error:
        raise _unreadable(name, error) from None
    with file:
        yield file


def _line(file: BinaryIO, name: str) -> bytes:
    try:
        return file.readline(_LONGEST + 1)
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError) -> UsageError:
    return UsageError(
        f"--targets {name} cannot be read: {error.strerror}",
        ["name a file with a target a line, or - for standard input"],
    )
