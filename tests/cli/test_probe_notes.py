"""What `probe` tells besides the verdict: of the target, the environment and the secret."""

from __future__ import annotations

import json

import pytest

from tests.cli.command_line import CommandLine

RELAY = '[server]\nhost = "127.0.0.1"\n[auth]\nusername = "app"\npassword = { file = "../pw" }\n'


def notes(smtpcheck: CommandLine, *arguments: str) -> list[str]:
    done = smtpcheck("probe", *arguments, "--until", "dns", "--format", "json")
    found: list[str] = json.loads(done.out)["targets"][0]["notes"]
    return found


def test_a_secret_that_others_can_read_is_noted(smtpcheck: CommandLine) -> None:
    smtpcheck.write("relay", RELAY)
    secret = smtpcheck.folder / "pw"
    secret.write_text("x\n")
    secret.chmod(0o644)
    assert [note for note in notes(smtpcheck, "relay") if "can be read by others" in note]
    secret.chmod(0o600)
    assert notes(smtpcheck, "relay") == []


def test_a_variable_that_is_nearly_a_setting_is_noted(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPCHECK_SERVER_PROT", "25")
    assert notes(smtpcheck, "127.0.0.1") == [
        "SMTPCHECK_SERVER_PROT is not a setting; did you mean SMTPCHECK_SERVER_PORT?"
    ]


def test_a_host_name_in_any_script_is_a_target(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "bücher.test", "--until", "dns.name", "--format", "json")
    assert "is not a profile name" not in done.err
    assert json.loads(done.out)["targets"][0]["stages"][0]["steps"][0]["ascii"] == (
        "xn--bcher-kva.test"
    )


def test_a_profile_that_is_a_broken_link_is_not_taken_for_a_host(smtpcheck: CommandLine) -> None:
    link = smtpcheck.write("office", "")
    link.unlink()
    link.symlink_to("/nonexistent/office.toml")
    done = smtpcheck("probe", "office", "--until", "dns")
    assert (done.code, "the file cannot be read" in done.err) == (2, True)


def test_a_mail_address_is_not_taken_for_a_profile(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "me@example.com")
    assert done.code == 2
    assert "is a mail address, not a server" in done.err
