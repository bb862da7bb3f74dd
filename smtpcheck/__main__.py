"""The command `smtpcheck`. Answers what must be quick before anything heavy is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from smtpcheck import __version__

        sys.stdout.write(f"smtpcheck {__version__}\n")
        return
    from smtpcheck.cli.app import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
