"""`enabled = false` is named by every command that works on the profile all the same, and stops
those that would send."""

from __future__ import annotations

import pytest

from tests.cli.command_line import CommandLine

PROFILE = """\
enabled = false
tags = ["docs"]

[server]
host = "127.0.0.1"
port = 1
security = "starttls"

[auth]
username = "a@example.com"
password = { env = "NOT_SET" }

[sender]
address = "a@example.com"
"""


@pytest.mark.parametrize(
    "words",
    [
        ["profile", "show", "off"],
        ["profile", "show", "off", "--markdown"],
        ["profile", "lint", "off"],
        ["profile", "export", "off", "--format", "url"],
        ["secret", "status", "off"],
    ],
)
def test_who_looks_at_it_hears_of_the_switch(smtpcheck: CommandLine, words: list[str]) -> None:
    smtpcheck.write("off", PROFILE)
    done = smtpcheck(*words)
    assert done.code in (0, 1)
    assert "the profile off is disabled" in done.err


@pytest.mark.parametrize(
    "words",
    [["probe", "off"], ["send-test", "off", "--to", "b@example.com"], ["secret", "rotate", "off"]],
)
def test_nothing_is_sent_by_it(smtpcheck: CommandLine, words: list[str]) -> None:
    smtpcheck.write("off", PROFILE)
    done = smtpcheck(*words)
    assert done.code == 2
    assert "the profile off is disabled" in done.err


def test_with_none_enabled_a_bare_probe_says_how_to_enable_one(smtpcheck: CommandLine) -> None:
    smtpcheck.write("off", PROFILE)
    done = smtpcheck("probe")
    assert done.code == 2
    assert "smtpcheck profile set NAME enabled true" in done.err


def test_all_and_a_tag_are_not_taken_for_one_of_the_two(smtpcheck: CommandLine) -> None:
    smtpcheck.write("off", PROFILE)
    done = smtpcheck("probe", "--all", "--tag", "docs")
    assert done.code == 2
    assert "--all and --tag exclude each other" in done.err
