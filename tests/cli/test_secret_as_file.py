"""A password where the name of a file belongs is refused, and not repeated."""

from __future__ import annotations

import pytest

from tests.cli.command_line import CommandLine


@pytest.mark.parametrize("command", [("profile", "import"), ("replay",)], ids=" ".join)
@pytest.mark.parametrize(
    "word",
    [
        "smtp://u:hunter2@localhost:587",
        "smtp://u:a/hunter2@localhost",
        "smtps://:hunter2@localhost",
        "u:hunter2@localhost:25",
        "MAILER_DSN=smtp://u:hunter2@localhost",
        "SMTP_PASSWORD=hunter2",
        "smtp://u@localhost?password=hunter2",
    ],
)
def test_a_password_is_refused_with_the_safe_ways_and_not_repeated(
    command: tuple[str, ...], word: str, smtpcheck: CommandLine
) -> None:
    done = smtpcheck(*command, word)
    assert done.code == 2
    assert "a password on a command line is seen by everybody" in done.err
    assert "standard input" in done.err
    assert "hunter2" not in done.out + done.err


def test_a_url_without_a_password_is_told_from_a_file(smtpcheck: CommandLine) -> None:
    done = smtpcheck("profile", "import", "smtp://u@localhost")
    assert done.code == 2
    assert "error: smtp://u@localhost is a URL, and no file" in done.err
    assert "standard input" in done.err
