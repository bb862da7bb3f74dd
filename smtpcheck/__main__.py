"""The command `smtpcheck`. Answers what must be quick before anything heavy is imported."""

from __future__ import annotations

import gc
import os
import sys

_GARBAGE_LIMIT = 100_000
"""Objects after which garbage is looked for; Python's own limit of 700 does so 80 times while a
probe is imported, and finds nothing."""


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    arguments = sys.argv[1:]
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from smtpcheck.cli.process import open_closed_streams

        open_closed_streams()
    if _answered_at_once(arguments):
        return
    gc.set_threshold(_GARBAGE_LIMIT)
    try:
        from smtpcheck.cli.app import run
        from smtpcheck.cli.process import end

        code = run(arguments)
    except KeyboardInterrupt:  # while the command was still being imported
        sys.stderr.write("interrupted\n")
        os._exit(130)
    end(code)


def _answered_at_once(arguments: list[str]) -> bool:
    """The version, the words of a completion, the front page."""
    answer: str | None = None
    if arguments == ["--version"]:
        from smtpcheck import __version__

        answer = f"smtpcheck {__version__}\n"
    elif arguments[:1] == ["__complete"]:
        from smtpcheck.cli.words import words

        answer = words(arguments[1:])
    elif arguments in (["--help"], ["-h"]):
        from smtpcheck.cli.front_page import front_page

        answer = front_page()
    if answer is None:
        return False
    try:
        sys.stdout.write(answer)
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"error: cannot write to standard output: {error.strerror}\n")
        os._exit(1)  # an orderly end would write it once more
    return True


if __name__ == "__main__":
    main()
