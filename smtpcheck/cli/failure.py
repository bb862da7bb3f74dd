"""How the command line words a usage error and a defect."""

from __future__ import annotations

import traceback

from smtpcheck import __version__
from smtpcheck.model.errors import Problem, ProfileError, UsageError


def usage_failure(error: UsageError) -> str:
    """What was wrong, where, and what to do; every problem of a profile on lines of its own."""
    lines = [f"error: {error.message}"]
    if isinstance(error, ProfileError):
        for problem in error.problems:
            lines += _problem(problem)
    lines += [f"  help: {line}" for line in error.help]
    return "\n".join(_visible(line) for line in lines) + "\n"


def defect(error: Exception) -> str:
    """A traceback without the values of variables, and what to do with it."""
    told = "".join(traceback.format_exception(error))
    return (
        f"{told}\nerror: this is a defect of smtpcheck {__version__}, not of your server or your"
        " settings\n  help: report it with the lines above\n"
    )


def _problem(problem: Problem) -> list[str]:
    where = f"{problem.file}:{problem.line}" if problem.line else problem.file
    lines = [f"  {where}: {problem.message}"]
    if problem.found:
        lines.append(f"      found:   {problem.found}")
    if problem.allowed:
        lines.append(f"      allowed: {problem.allowed}")
    if problem.suggestion:
        lines.append(f"      {problem.suggestion}")
    return lines


def _visible(line: str) -> str:
    """Nothing that a profile or an argument holds may steer the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
