"""Run by a monitoring system: four exit codes, and everything on standard output."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpcheck.cli.plugin import is_plugin, plugin_code
from tests.cli.command_line import CommandLine


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("probe x --format nagios", True),
        ("probe x -f nagios", True),
        ("probe x -fnagios", True),
        ("probe x --format=nagios", True),
        ("probe x -f nagios=-", True),
        ("replay x -f junit=a -f nagios", True),
        ("probe x -f nagios=out", False),
        ("probe nagios", False),
        ("probe nagios -f text", False),
        ("profile show x -f nagios", False),
        ("", False),
    ],
)
def test_a_plugin_is_known_by_its_words(words: str, *, answer: bool) -> None:
    assert is_plugin(words.split()) is answer


def test_a_refused_connection_is_critical(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "127.0.0.1:1", "-f", "nagios", "--no-experiments")
    assert done.code == 2
    assert done.out.startswith("SMTP CRITICAL - 127.0.0.1:1 failed at tcp: ")
    assert " | time=" in done.out.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("probe no-such:port", "no-such:port"),
        ("probe x --no-such-option", "--no-such-option"),
        ("probe x --until nowhere", "nowhere"),
        ("replay missing.json", "missing.json"),
    ],
)
def test_wrong_use_is_unknown_and_told_where_it_is_read(
    smtpcheck: CommandLine, words: str, said: str
) -> None:
    done = smtpcheck(*words.split(), "--format", "nagios")
    assert done.code == 3
    assert done.out.startswith("SMTP UNKNOWN - ")
    assert said in done.out
    assert done.out.count("\n") == 1
    assert done.err.startswith("error: ")


def test_in_a_file_it_changes_no_exit_code(smtpcheck: CommandLine, tmp_path: Path) -> None:
    done = smtpcheck("probe", "127.0.0.1:1", "-f", f"nagios={tmp_path}/out", "--no-experiments")
    assert done.code == 11
    assert (tmp_path / "out").read_text().startswith("SMTP CRITICAL - ")


def test_a_defect_and_an_interrupt_are_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["probe", "x", "-f", "nagios"]
    assert plugin_code(argv, 70, "Traceback ...\n\nerror: this is a defect\n  help: x\n") == 3
    assert plugin_code(argv, 130, "interrupted\n") == 3
    assert capsys.readouterr().out == (
        "SMTP UNKNOWN - this is a defect\nSMTP UNKNOWN - interrupted\n"
    )
