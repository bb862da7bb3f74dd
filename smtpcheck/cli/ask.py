"""Questions on the terminal: to stderr, with a default, asked again with the reason when the
answer is wrong."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")

TRIES = 3


class WrongAnswerError(Exception):
    """Why an answer cannot be taken; the question is asked again."""


class Asker(Protocol):
    """Somebody who can be asked. Ctrl-C and the end of input are KeyboardInterrupt."""

    def line(self, question: str) -> str:
        """The answer, without its newline."""
        ...

    def hidden(self, question: str) -> str:
        """The answer, typed without echo."""
        ...

    def say(self, text: str) -> None:
        """Tells something between two questions."""
        ...


class Terminal:
    """The person at the terminal."""

    def line(self, question: str) -> str:
        try:
            if sys.stdout.isatty():
                return input(question)  # with the editing keys of readline, where it is there
            sys.stderr.write(question)
            sys.stderr.flush()
            answer = sys.stdin.readline()
        except EOFError:
            raise KeyboardInterrupt from None
        if not answer:
            raise KeyboardInterrupt
        return answer.rstrip("\r\n")

    def hidden(self, question: str) -> str:
        import getpass

        try:
            return getpass.getpass(question, stream=sys.stderr)
        except EOFError:
            raise KeyboardInterrupt from None

    def say(self, text: str) -> None:
        import shutil
        import textwrap

        edge = max(40, shutil.get_terminal_size().columns)
        indent = " " * (len(text) - len(text.lstrip()) + 2)
        lines = textwrap.wrap(text, edge, subsequent_indent=indent, break_on_hyphens=False)
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()


def terminal(*, no_input: bool = False) -> Asker | None:
    """Who can be asked, or None: no terminal, or nobody wants questions."""
    if no_input or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - input() edits lines once this is loaded
    return Terminal()


def ask(asker: Asker, question: str, default: str, check: Callable[[str], T]) -> T:
    """What `check` makes of the answer, or of the default when the answer is empty. `check`
    raises WrongAnswerError; then the reason is shown and the question asked again."""
    shown = f"{question} [{default}]: " if default else f"{question}: "
    while True:
        answer = asker.line(shown).strip() or default
        try:
            return check(answer)
        except WrongAnswerError as error:
            for line in str(error).splitlines():
                asker.say(f"  {line}")


def choose(asker: Asker, question: str, choices: Sequence[str], default: str) -> str:
    """One of the choices: by its word, by its beginning, or by its number from 1."""

    def check(answer: str) -> str:
        if answer.isdigit() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1]
        word = answer.lower()
        if word in choices:
            return word
        fitting = [each for each in choices if word and each.startswith(word)]
        if len(fitting) == 1:
            return fitting[0]
        raise WrongAnswerError(f"choose one of {', '.join(choices)}")

    return ask(asker, question, default, check)


def confirm(asker: Asker, question: str, *, default: bool) -> bool:
    """Yes or no."""

    def check(answer: str) -> bool:
        word = answer.lower()
        if word in ("y", "yes"):
            return True
        if word in ("n", "no"):
            return False
        raise WrongAnswerError("answer yes or no")

    return ask(asker, question, "yes" if default else "no", check)


def new_secret(asker: Asker, question: str) -> str | None:
    """A secret typed twice without echo; None when it was left empty or never twice the same."""
    for _try in range(TRIES):
        first = asker.hidden(f"{question}: ")
        if not first:
            return None
        if first == asker.hidden("The same again: "):
            return first
        asker.say("  the two are not the same")
    return None
