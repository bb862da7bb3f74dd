"""`profile show --markdown`: a configuration for a hand-over."""

from __future__ import annotations

from tests.cli.command_line import CommandLine

OFFICE = """\
preset = "office365"
enabled = false
description = "For the *approval* mails | urgent"

[auth]
username = "app|x@example.com"
password = { env = "MAIL_PW" }

[sender]
address = "app@example.com"
name = "[click](http://evil.example)"
"""


def test_the_document_has_settings_origins_and_where_the_secret_is(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    text = smtpcheck("profile", "show", "office", "--markdown").out
    lines = text.splitlines()
    assert lines[0] == "# Outgoing mail: office"
    assert "- In use: **no: the profile is disabled**" in lines
    assert "| `server.port` | `587` | preset office365 |" in lines
    assert any(line.startswith("| `auth.username` |") and "line 6" in line for line in lines)
    assert (
        "- password of `app\\|x@example.com` (`auth.password`): environment variable MAIL\\_PW"
        in (lines)
    )
    assert "## Provider: Microsoft 365 (Exchange Online)" in lines
    assert "smtpcheck probe office --until auth" in text


def test_what_the_user_wrote_is_no_markup(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    text = smtpcheck("profile", "show", "office", "--markdown").out
    assert "[click](" not in text.replace('`"[click](http://evil.example)"`', "")
    assert "\\*approval\\* mails \\| urgent" in text
    for line in text.splitlines():
        if line.startswith("| `"):
            assert line.replace("\\|", "").count("|") == 4


def test_a_document_is_not_json(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("profile", "show", "office", "--markdown", "--format", "json")
    assert done.code == 2
