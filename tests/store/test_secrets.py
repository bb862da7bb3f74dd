"""Secrets are read from where the profile says, and every failure names the way out."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from smtpcheck.model.secret import Secret, SecretRef, SecretSource, SecretUnavailableError
from smtpcheck.store.secret_reference import secret_reference
from smtpcheck.store.secrets import Ask, read_secret, secret_notes, secret_status

CANARY = "c4n4ry-Pässword"


def env(name: str) -> SecretRef:
    return SecretRef(SecretSource.ENV, name)


def file(path: Path | str) -> SecretRef:
    return SecretRef(SecretSource.FILE, str(path))


def command(*argv: str) -> SecretRef:
    return SecretRef(SecretSource.COMMAND, argv=argv)


def python(code: str) -> SecretRef:
    return command(sys.executable, "-c", code)


PROMPT = SecretRef(SecretSource.PROMPT)


def read(ref: SecretRef, ask: Ask | None = None, limit: float = 30.0) -> Secret:
    return read_secret(
        ref,
        purpose="auth.password",
        profile_name="office",
        username="app@example.com",
        ask=ask,
        limit=limit,
    )


def failure(ref: SecretRef, ask: Ask | None = None, limit: float = 30.0) -> SecretUnavailableError:
    with pytest.raises(SecretUnavailableError) as caught:
        read(ref, ask, limit)
    return caught.value


def test_an_environment_variable_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", CANARY + " ")
    assert read(env("A_SECRET")) == Secret(CANARY + " ")


@pytest.mark.parametrize(("value", "word"), [(None, "is not set"), ("", "is empty")])
def test_an_environment_variable_without_a_value_is_missing(
    monkeypatch: pytest.MonkeyPatch, value: str | None, word: str
) -> None:
    monkeypatch.delenv("A_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("A_SECRET", value)
    error = failure(env("A_SECRET"))
    assert error.kind == "missing"
    assert error.reason == f"environment variable A_SECRET {word}"


@pytest.mark.parametrize(
    "content",
    ["{}", "{}\n", "{}\r\n", "{}\nuser: app\n", "\ufeff{}\n"],
    ids=["bare", "lf", "crlf", "more lines", "byte order mark"],
)
def test_a_file_gives_its_first_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content.format(CANARY).encode())
    assert read(file(path)) == Secret(CANARY)


def test_one_newline_goes_and_blanks_stay(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b" blank \t\r\n\n")
    assert read(file(path)) == Secret(" blank \t")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "missing"),
        (b"\nsecond", "missing"),
        (b"\xff\xfe\n", "unreadable"),
        ("pass".encode("utf-16-be"), "unreadable"),
    ],
)
def test_a_file_without_a_text_is_no_secret(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert failure(file(path)).kind == kind


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    error = failure(file(tmp_path / "none"))
    assert (error.kind, str(tmp_path / "none") in error.reason) == ("missing", True)


def test_a_folder_is_unreadable(tmp_path: Path) -> None:
    assert failure(file(tmp_path)).kind == "unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_that_nobody_writes_to_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert failure(file(path), limit=0.2).kind == "timeout"
    with path.open("wb"):  # lets the abandoned reader go
        pass


def test_a_relative_name_is_found_among_the_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "smtp").write_text(CANARY)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.chdir("/")
    assert read(file("smtp")) == Secret(CANARY)


def test_a_name_beside_the_profile_wins_over_the_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted, own = tmp_path / "mounted", tmp_path / "own"
    for folder in (mounted, own):
        folder.mkdir()
        (folder / "smtp").write_text(folder.name)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(mounted))
    assert read(secret_reference({"file": "smtp"}, "auth.password", own)) == Secret("own")
    (own / "smtp").unlink()
    assert read(secret_reference({"file": "smtp"}, "auth.password", own)) == Secret("mounted")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX modes")
def test_a_file_that_others_may_read_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(CANARY)
    path.chmod(0o640)
    assert "chmod 600" in secret_notes(file(path))[0]
    path.chmod(0o600)
    assert secret_notes(file(path)) == ()


def test_a_command_gives_its_first_line() -> None:
    assert read(python(f"print('p w'); print('{CANARY}')")) == Secret("p w")


def test_a_command_runs_without_a_shell_and_without_input() -> None:
    assert read(command("echo", "$HOME;", "x")) == Secret("$HOME; x")
    assert read(python("import sys; print(repr(sys.stdin.read()))")) == Secret("''")


def test_a_failing_command_shows_its_words_and_never_the_secret() -> None:
    code = f"import sys; print('{CANARY}'); sys.exit('vault sealed; was {CANARY}')"
    error = failure(python(code))
    assert error.kind == "command-failed"
    assert "exit code 1: vault sealed; was ..." in error.reason
    assert CANARY not in error.reason + repr(error) + "".join(error.help)


def test_a_command_that_is_killed_says_so() -> None:
    error = failure(python("import os; os.kill(os.getpid(), 9)"))
    assert "signal 9" in error.reason


def test_a_command_that_is_not_there_is_named() -> None:
    assert failure(command("no-such-command-here")).reason == (
        "command no-such-command-here was not found"
    )


def test_a_command_that_prints_nothing_is_missing() -> None:
    assert failure(command("true")).kind == "missing"


def test_a_command_that_does_not_end_is_stopped() -> None:
    start = time.monotonic()
    error = failure(python("import time; time.sleep(60)"), limit=0.5)
    assert error.kind == "timeout"
    assert time.monotonic() - start < 5


def test_what_a_command_left_behind_is_not_waited_for() -> None:
    start = time.monotonic()
    assert read(command("sh", "-c", "sleep 5 & echo pw")) == Secret("pw")
    assert time.monotonic() - start < 4


def test_a_command_that_never_stops_printing_stays_small() -> None:
    error = failure(command("yes"), limit=0.5)
    assert error.kind == "timeout"


def test_a_prompt_asks_for_the_user_and_the_profile() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return CANARY

    assert read(PROMPT, ask) == Secret(CANARY)
    assert asked == ["password of app@example.com (profile office)"]


def test_a_prompt_without_a_terminal_is_missing() -> None:
    assert "no terminal" in failure(PROMPT).reason


def test_a_prompt_without_an_answer_is_missing() -> None:
    assert failure(PROMPT, lambda _question: "").kind == "missing"


def test_a_secret_that_was_given_is_handed_on() -> None:
    given = Secret(CANARY)
    assert read(SecretRef(SecretSource.GIVEN, given=given)) is given


@pytest.mark.parametrize(
    "ref", [env("NOT_SET_ANYWHERE"), file("/nonexistent/x"), command("false"), PROMPT]
)
def test_every_failure_names_the_other_ways(ref: SecretRef) -> None:
    ways = "\n".join(failure(ref).help)
    for source, word in (("env", "{env="), ("file", "{file="), ("command", "{command=")):
        assert (word in ways) is (ref.source != source)
    assert "smtpcheck profile set office auth.password" in ways
    assert "SMTPCHECK_PASSWORD" in ways


def test_status_says_whether_it_is_there_and_never_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", CANARY)
    status = secret_status(env("A_SECRET"), profile_name="office", username="a")
    assert (status.available, status.where) == (True, "environment variable A_SECRET")
    assert CANARY not in repr(status)
    monkeypatch.delenv("A_SECRET")
    assert secret_status(env("A_SECRET"), profile_name="office", username="a").available is False


def test_status_does_not_run_a_command_unasked(tmp_path: Path) -> None:
    ref = command("touch", str(tmp_path / "ran"))
    assert secret_status(ref, profile_name="office", username="a").available is None
    assert not (tmp_path / "ran").exists()
    assert secret_status(ref, profile_name="office", username="a", run=True).available is False
    assert (tmp_path / "ran").exists()


def test_a_secret_cannot_be_copied() -> None:
    with pytest.raises(TypeError):
        copy.copy(Secret(CANARY))


def test_reading_a_secret_imports_no_keyring() -> None:
    code = (
        "import sys, smtpcheck.store.secrets as s\n"
        "from smtpcheck.model.secret import SecretRef, SecretSource\n"
        "s.read_secret(SecretRef(SecretSource.ENV, 'PATH'), purpose='auth.password',"
        " profile_name=None, username='', ask=None)\n"
        "print(sorted({'keyring', 'subprocess', 'threading'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "[]"


def test_no_thread_is_left_after_a_command() -> None:
    before = threading.active_count()
    read(command("echo", "x"))
    assert threading.active_count() == before
