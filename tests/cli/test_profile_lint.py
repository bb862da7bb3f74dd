"""`profile lint`, and where else its findings are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

RELAY = '[server]\nhost = "relay.example.com"\nport = 25\n'


def test_lint_without_findings_is_exit_0(smtpcheck: CommandLine) -> None:
    smtpcheck.write("relay", RELAY)
    done = smtpcheck("profile", "lint")
    assert (done.code, done.out) == (0, "no findings in 1 profile\n")


def test_lint_names_file_line_and_key(smtpcheck: CommandLine) -> None:
    path = smtpcheck.write("relay", RELAY + "timeout = 1\n")
    done = smtpcheck("profile", "lint", "relay")
    assert done.code == 1
    assert f"{path}:4: warning[timeout-too-small]: server.timeout" in done.out


def test_lint_reports_a_broken_profile_among_the_others(smtpcheck: CommandLine) -> None:
    smtpcheck.write("broken", "x = 1\n")
    smtpcheck.write("relay", RELAY)
    done = smtpcheck("profile", "lint", "--all", "--format", "json")
    found = json.loads(done.out)
    assert (done.code, found["schema"], found["profiles"]) == (1, 1, 2)
    assert {each["id"] for each in found["findings"]} == {"profile-invalid"}


def test_lint_takes_files_from_anywhere(smtpcheck: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.toml"
    path.write_text(RELAY + "timeout = 1\n")
    assert smtpcheck("profile", "lint", str(path)).code == 1


def test_a_preset_that_is_misspelt_host_and_all(smtpcheck: CommandLine) -> None:
    smtpcheck.write("mine", '[server]\nhost = "smtp.gmial.com"\n')
    done = smtpcheck("profile", "lint")
    assert (done.code, "did you mean smtp.gmail.com?" in done.out) == (1, True)


SECRETIVE = """schema = 1
preset = "sendgrid"
[auth]
password = {source}
[sender]
address = "app@example.com"
"""


@pytest.mark.parametrize("source", ['{ env = "LINT_PW" }', '{ file = "../pw" }'])
def test_lint_looks_at_the_form_of_a_password_and_never_shows_it(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setenv("LINT_PW", "canary7 ")
    smtpcheck.write("mailer", SECRETIVE.format(source=source))
    (smtpcheck.folder / "pw").write_text("canary7 \n", "utf-8")
    done = smtpcheck("profile", "lint", "mailer")
    assert done.code == 1
    assert "error[password-no-api-key]: auth.password" in done.out
    assert "warning[password-blank-at-end]: auth.password" in done.out
    assert "smtpcheck secret set mailer" in done.out
    assert "canary" not in done.out + done.err


def test_lint_runs_a_command_only_when_told_to(smtpcheck: CommandLine) -> None:
    words = '{ command = ["printf", "SG.key "] }'
    smtpcheck.write("mailer", SECRETIVE.format(source=words))
    done = smtpcheck("profile", "lint", "mailer")
    assert done.code == 0
    assert "runs only with --run-commands" in done.err
    again = smtpcheck("profile", "lint", "mailer", "--run-commands")
    assert (again.code, "password-blank-at-end" in again.out) == (1, True)


@pytest.mark.parametrize(
    "source", ['{ env = "LINT_NOWHERE" }', '{ file = "nowhere" }', "{ prompt = true }"]
)
def test_a_password_that_cannot_be_read_is_a_note_and_no_finding(
    smtpcheck: CommandLine, source: str
) -> None:
    smtpcheck.write("mailer", SECRETIVE.format(source=source))
    done = smtpcheck("profile", "lint", "mailer", "--format", "json")
    told = json.loads(done.out)
    assert (done.code, told["findings"]) == (0, [])
    (note,) = told["notes"]
    assert note.startswith("mailer: the password was not looked at: ")


def test_set_tells_what_lint_finds_since_the_change(smtpcheck: CommandLine) -> None:
    smtpcheck.write("mailer", SECRETIVE.format(source="{ prompt = true }"))
    done = smtpcheck("profile", "set", "mailer", "server.timeout", "1", "--no-probe")
    assert (done.code, "warning: server.timeout: 1 s is less" in done.err) == (0, True)
    again = smtpcheck("profile", "set", "mailer", "sender.name", "App", "--no-probe")
    assert "server.timeout" not in again.err
    assert "warning: server.timeout: 1 s is less" in smtpcheck("profile", "show", "mailer").err
