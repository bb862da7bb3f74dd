"""Errors that the user can mend: a wrong command line, a wrong profile. Nothing else is an error
here: what a server does is an observation, and what this program does wrong is a defect."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.model.value import dataclass


class UsageError(Exception):
    """What was asked cannot be done as asked; the message says what, where and what to do."""

    def __init__(self, message: str, help_: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.help = tuple(help_)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in one profile."""

    file: str
    line: int
    """1-based; 0 where the key is missing or came from a flag or the environment."""
    key: str
    found: str
    """What was found, as written; never the value of a key that may hold a secret."""
    allowed: str
    message: str
    """Stands alone: `unknown key server.prot`."""
    suggestion: str = ""
    """`did you mean server.port?`, or empty."""


class ProfileError(UsageError):
    """A profile that cannot be used, with every problem it has."""

    def __init__(self, problems: Sequence[Problem], where: str = "") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        in_files = any(problem.file.endswith(".toml") or problem.line for problem in problems)
        where = where or ("the profile" if in_files else "the settings")
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in {where}")
