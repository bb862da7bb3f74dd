"""`smtpcheck secret`: what is typed goes into the keyring, and is never shown."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from smtpcheck.report.schema_commands import secrets_schema
from tests import keyring_fakes
from tests.cli.command_line import CommandLine
from tests.schema_check import keeps_to

CANARY = "c4n4ry-Pässword"
OFFICE = """
[server]
host = "smtp.example.com"
[auth]
username = "app@example.com"
password = { keyring = true }
[sender]
address = "app@example.com"
"""
ENV = OFFICE.replace("{ keyring = true }", '{ env = "A_SECRET" }')
Backend = Callable[[str], None]


def test_the_first_line_of_stdin_is_stored(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("secret", "set", "--stdin", stdin=f"{CANARY}\r\nmore\n".encode())
    assert (done.code, done.err) == (0, "")
    assert "stored the password of app@example.com for profile office" in done.out
    assert keyring_fakes.Memory.values == {("smtpcheck:office", "app@example.com"): CANARY}


@pytest.mark.parametrize("stdin", [b"", b"\n", b"\xff\xfe\n"])
def test_an_empty_or_broken_stdin_changes_nothing(smtpcheck: CommandLine, stdin: bytes) -> None:
    smtpcheck.write("office", OFFICE)
    assert smtpcheck("secret", "set", "office", "--stdin", stdin=stdin).code == 2
    assert keyring_fakes.Memory.values == {}


def test_a_blank_at_the_end_is_kept_and_noted(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("secret", "set", "office", "--stdin", stdin=b"pw \n")
    assert "begins or ends with a blank" in done.err
    assert list(keyring_fakes.Memory.values.values()) == ["pw "]


def test_a_profile_that_does_not_use_the_keyring_is_told_how(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", ENV)
    done = smtpcheck("secret", "set", "office", "--stdin", stdin=CANARY.encode())
    assert done.code == 0
    assert "environment variable A_SECRET" in done.err
    assert "smtpcheck profile set office auth.password '{keyring=true}'" in done.err


@pytest.mark.parametrize("arguments", [["hunter2"], ["--password", "hunter2"], ["-phunter2"]])
def test_a_password_as_an_argument_is_refused_and_not_repeated(
    smtpcheck: CommandLine, arguments: list[str]
) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("secret", "set", "office", *arguments)
    assert done.code == 2
    assert "seen by everybody" in done.err
    assert "smtpcheck secret set office --stdin" in done.err
    assert "hunter2" not in done.out + done.err
    assert keyring_fakes.Memory.values == {}


def test_without_a_terminal_and_stdin_it_says_what_to_do(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("secret", "set", "office")
    assert (done.code, "--stdin" in done.err) == (2, True)


@pytest.mark.parametrize(
    "backend",
    ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring", "no_such_module.Keyring"],
)
def test_without_a_keyring_the_other_ways_are_named_quickly(
    smtpcheck: CommandLine, keyring_backend: Backend, backend: str
) -> None:
    smtpcheck.write("office", OFFICE)
    keyring_backend(backend)
    start = time.monotonic()
    done = smtpcheck("secret", "set", "office", "--stdin", stdin=CANARY.encode())
    assert time.monotonic() - start < 3
    assert done.code == 1
    assert done.err.startswith("error: ")
    for way in ("{env=", "{file=", "{command=", "SMTPCHECK_PASSWORD"):
        assert way in done.err
    assert CANARY not in done.err


def test_several_profiles_need_a_name(smtpcheck: CommandLine) -> None:
    smtpcheck.write("one", OFFICE)
    smtpcheck.write("two", OFFICE)
    done = smtpcheck("secret", "set", "--stdin", stdin=b"pw")
    assert (done.code, "name one of one, two" in done.err) == (2, True)


def test_a_profile_without_a_user_cannot_have_a_secret(smtpcheck: CommandLine) -> None:
    smtpcheck.write("relay", '[server]\nhost = "relay.example.com"\n')
    done = smtpcheck("secret", "set", "relay", "--stdin", stdin=b"pw")
    assert (done.code, "has no auth.username" in done.err) == (2, True)


def test_an_unknown_key_names_those_that_hold_secrets(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("secret", "set", "office", "--key", "auth.passwort", "--stdin", stdin=b"pw")
    assert (done.code, "proxy.password" in done.err) == (2, True)


def test_status_tells_there_from_missing(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", CANARY)
    smtpcheck.write("here", ENV)
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("secret", "status")
    assert done.code == 1
    rows = {line.split()[0]: line for line in done.out.splitlines()[1:]}
    assert "there" in rows["here"]
    assert "missing" in rows["office"]
    assert "smtpcheck secret set office" in done.err
    assert CANARY not in done.out + done.err
    assert smtpcheck("secret", "status", "here").code == 0


def test_status_as_json_has_a_schema_and_no_secret(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", CANARY)
    smtpcheck.write("here", ENV)
    done = smtpcheck("secret", "status", "here", "--format", "json")
    found = json.loads(done.out)
    keeps_to(secrets_schema, found)
    assert found["schema"] == 1
    assert found["secrets"][0]["available"] is True
    assert CANARY not in done.out


def test_a_dead_keyring_is_waited_for_once(
    smtpcheck: CommandLine, keyring_backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.store.keyring_access.PATIENCE", 0.4)
    keyring_backend("tests.keyring_fakes.Hanging")
    for number in range(8):
        smtpcheck.write(f"p{number}", OFFICE)
    start = time.monotonic()
    assert smtpcheck("secret", "status").code == 1
    assert time.monotonic() - start < 2


def test_delete_wants_a_yes(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    smtpcheck("secret", "set", "office", "--stdin", stdin=CANARY.encode())
    assert smtpcheck("secret", "delete", "office").code == 2
    assert keyring_fakes.Memory.values
    assert smtpcheck("secret", "delete", "office", "--yes").code == 0
    assert not keyring_fakes.Memory.values
    assert smtpcheck("secret", "delete", "office", "--yes").code == 1
