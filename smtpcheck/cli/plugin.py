"""What a monitoring system hears that runs this program as a plugin: `--format nagios` on standard
output.

It knows four exit codes and reads standard output alone, so that what kept a report from coming to
be is told there too.
"""

from __future__ import annotations

from collections.abc import Sequence

_COMMANDS = ("probe", "send-test", "replay")
_UNKNOWN = 3


def plugin_code(arguments: Sequence[str], code: int, said: str) -> int:
    """The exit code as a plugin has it, where one was asked for. Where there was no report, what
    was `said` instead is told on standard output."""
    if not said or not is_plugin(arguments):
        return code
    from smtpcheck.cli.stdout import write_stdout
    from smtpcheck.report.nagios import unknown_output

    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    write_stdout([unknown_output(errors[-1].removeprefix("error: ") if errors else said)])
    return _UNKNOWN


def is_plugin(arguments: Sequence[str]) -> bool:
    """Whether the command line asks for the output of a plugin on standard output."""
    if not arguments or arguments[0] not in _COMMANDS:
        return False
    before = ["", *arguments]
    values = [
        word if last in ("--format", "-f") else _attached(word)
        for last, word in zip(before, arguments, strict=False)
    ]
    return "nagios" in values or "nagios=-" in values


def _attached(word: str) -> str:
    option = next((each for each in ("--format=", "-f") if word.startswith(each)), None)
    return word.removeprefix(option) if option else ""
