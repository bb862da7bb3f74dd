"""`smtpcheck profile export`: a profile for another program, without its password unless told."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import keyring_fakes
from tests.cli.command_line import CommandLine

CANARY = "c4n4ry-Pässword"
PROFILE = """\
schema = 1
preset = "office365"
[auth]
username = "app@example.com"
password = { keyring = true }
[sender]
address = "noreply@example.com"
[tls]
fingerprint = "%s"
""" % ("ab" * 32)


@pytest.fixture
def app(smtpcheck: CommandLine) -> CommandLine:
    smtpcheck.write("app", PROFILE)
    keyring_fakes.Memory.values["smtpcheck:app", "app@example.com"] = CANARY
    return smtpcheck


def test_the_settings_of_the_preset_are_written_too(app: CommandLine) -> None:
    done = app("profile", "export", "app", "--format", "django")
    assert done.code == 0
    assert 'EMAIL_HOST = "smtp.office365.com"\nEMAIL_PORT = 587\nEMAIL_USE_TLS = True' in done.out


def test_a_placeholder_stands_for_the_password(app: CommandLine) -> None:
    done = app("profile", "export", "app", "--format", "laravel")
    assert "MAIL_PASSWORD=CHANGE_ME\n" in done.out
    assert "--show-secret" in done.err
    assert CANARY not in done.out + done.err


def test_the_password_is_written_when_asked_for_in_so_many_words(app: CommandLine) -> None:
    done = app("profile", "export", "app", "--format", "django", "--show-secret")
    assert f'EMAIL_HOST_PASSWORD = "{CANARY}"' in done.out
    assert CANARY not in done.err


def test_what_the_format_cannot_say_is_told(app: CommandLine) -> None:
    done = app("profile", "export", "app", "--format", "flask")
    assert "note: tls.fingerprint is not written: the format has no such setting" in done.err


def test_a_file_is_for_its_owner_alone_and_not_replaced(app: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "mail.env"
    arguments = ("profile", "export", "app", "--format", "dotenv", "--output", str(file))
    done = app(*arguments, "--show-secret")
    assert (done.code, done.out) == (0, f"wrote {file}\n")
    assert CANARY in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = app(*arguments)
    assert (again.code, "--force" in again.err) == (2, True)
    assert CANARY in file.read_text()
    assert app(*arguments, "--force").code == 0
    assert CANARY not in file.read_text()


def test_a_secret_does_not_go_into_a_file_that_others_read(
    app: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "mail.env"
    file.write_text("old")
    file.chmod(0o644)
    arguments = ("profile", "export", "app", "--format", "dotenv", "-o", str(file), "--force")
    assert app(*arguments, "--show-secret").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "none/mail.env"])
def test_a_folder_is_no_file_and_none_is_made(app: CommandLine, tmp_path: Path, name: str) -> None:
    place = tmp_path / "out" / name
    (tmp_path / "out").mkdir(mode=0o755)
    arguments = ("profile", "export", "app", "-f", "url", "-o", str(place), "--force")
    done = app(*arguments, "--show-secret")
    assert (done.code, "folder" in done.err) == (2, True)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755
    assert not list((tmp_path / "out").iterdir())


def test_a_secret_that_is_not_to_be_had_ends_the_export(
    app: CommandLine, keyring_backend: Callable[[str], None]
) -> None:
    keyring_backend("keyring.backends.fail.Keyring")
    done = app("profile", "export", "app", "--format", "url", "--show-secret")
    assert (done.code, done.out) == (1, "")
    assert "no keyring backend" in done.err


def test_without_a_format_all_are_listed(app: CommandLine) -> None:
    done = app("profile", "export", "app")
    assert done.code == 2
    assert "laravel" in done.err


def test_an_export_can_be_imported(app: CommandLine) -> None:
    text = app("profile", "export", "app", "--format", "msmtp", "--show-secret").out
    done = app("profile", "import", "-", "--name", "back", "--no-probe", stdin=text.encode())
    assert done.code == 0, done.err
    assert keyring_fakes.Memory.values["smtpcheck:back", "app@example.com"] == CANARY
    assert 'host = "smtp.office365.com"' in app.read("back")
