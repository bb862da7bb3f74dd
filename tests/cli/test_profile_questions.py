"""The questions of `profile init`: defaults, wrong answers, interruptions; nothing is lost."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.cli.ask import TRIES, WrongAnswerError, ask, choose, confirm, new_secret
from smtpcheck.cli.profile_answers import Answers, collect
from smtpcheck.cli.profile_init import finish
from smtpcheck.cli.profile_questions import ask_all
from smtpcheck.cli.profile_save import Proving
from tests import keyring_fakes
from tests.cli.command_line import CommandLine

CANARY = "c4n4ry-password"


class Scripted:
    """Somebody who gives these answers, and then presses Ctrl-C."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []
        self.told: list[str] = []

    def line(self, question: str) -> str:
        self.questions.append(question)
        if not self.answers:
            raise KeyboardInterrupt
        return self.answers.pop(0)

    hidden = line

    def say(self, text: str) -> None:
        self.told.append(text)


def answered(*lines: str, name: str = "", **flags: str) -> tuple[Answers, Scripted]:
    """The answers that these lines give to all questions."""
    answers = collect(name, flags.pop("region", ""), _keys(flags), force=False)
    asker = Scripted(*lines)
    ask_all(asker, answers)
    assert asker.answers == []
    return answers, asker


def _keys(flags: dict[str, str]) -> dict[str, str]:
    names = {"host": "server.host", "username": "auth.username", "sender": "sender.address"}
    return {names.get(key, key): value for key, value in flags.items()}


def test_an_empty_answer_is_the_default() -> None:
    assert ask(Scripted(""), "Port", "587", int) == 587


def test_a_wrong_answer_is_asked_again_with_the_reason() -> None:
    def check(text: str) -> str:
        if text != "right":
            raise WrongAnswerError("that is wrong")
        return text

    asker = Scripted("wrong", "right")
    assert ask(asker, "What", "", check) == "right"
    assert asker.told == ["  that is wrong"]


@pytest.mark.parametrize("answer", ["2", "gmail", "GM", ""])
def test_a_choice_by_number_word_or_beginning(answer: str) -> None:
    assert choose(Scripted(answer), "Which", ["office365", "gmail"], "gmail") == "gmail"


@pytest.mark.parametrize("answer", ["0", "3", "x", "e"])
def test_what_is_no_choice_is_asked_again(answer: str) -> None:
    asker = Scripted(answer, "env")
    assert choose(asker, "Which", ["env", "exit"], "") == "env"
    assert asker.told == ["  choose one of env, exit"]


def test_yes_and_no() -> None:
    assert confirm(Scripted("maybe", "Y"), "Sure?", default=False)
    assert not confirm(Scripted(""), "Sure?", default=False)


def test_a_secret_is_typed_twice() -> None:
    assert new_secret(Scripted("a", "b", "c", "c"), "Password") == "c"
    assert new_secret(Scripted(""), "Password") is None
    assert new_secret(Scripted(*["a", "b"] * TRIES), "Password") is None


def test_a_preset_is_followed_by_enter(smtpcheck: CommandLine) -> None:
    lines = ["1", "", "", "", "", "app@example.com", "env", "", "", "", ""]
    answers, _asker = answered(*lines)
    assert answers.name == "office365"
    assert answers.raw == {
        "preset": "office365",
        "auth.username": "app@example.com",
        "auth.password": {"env": "SMTP_PASSWORD"},
        "sender.address": "app@example.com",
    }


def test_a_region_is_asked_for_where_the_host_needs_one(smtpcheck: CommandLine) -> None:
    lines = ["ses", "eu-west-1", "", "", "", "AKIA1", "none", "a@example.com", "", ""]
    answers, _asker = answered(*lines)
    assert answers.raw["server.host"] == "email-smtp.eu-west-1.amazonaws.com"


def test_a_known_host_brings_its_preset(smtpcheck: CommandLine) -> None:
    lines = ["other", "smtp.gmail.com", "", "", "", "me@gmail.com", "none", "", "", ""]
    answers, asker = answered(*lines)
    assert answers.raw["preset"] == "gmail"
    assert any("taking the preset gmail" in text for text in asker.told)


def test_the_port_follows_the_security(smtpcheck: CommandLine) -> None:
    lines = ["other", "mail.example.com", "tls", "", "box", "", "a@example.com", "", ""]
    answers, asker = answered(*lines)
    assert "Port [465]: " in asker.questions
    assert answers.raw["server.port"] == 465
    assert "auth.password" not in answers.raw


def test_a_wrong_answer_says_why_and_what_is_allowed(smtpcheck: CommandLine) -> None:
    lines = ["other", "http://mail.example.com", "mail.example.com", "", "99999", "587", "box"]
    _answers, asker = answered(*lines, "", "nobody", "a@example.com", "", "")
    told = "\n".join(asker.told)
    for word in ("server.host", "server.port is too large", "65535", "has no @"):
        assert word in told


def test_a_taken_name_is_refused_at_once(smtpcheck: CommandLine) -> None:
    smtpcheck.write("gmail", "")
    lines = ["gmail", "", "", "", "gmail", "second", "me@gmail.com", "none", "", "", ""]
    answers, asker = answered(*lines)
    assert answers.name == "second"
    assert "  there is a profile gmail already" in asker.told


def test_a_password_typed_waits_for_its_proof(smtpcheck: CommandLine) -> None:
    lines = ["gmail", "", "", "", "", "me@gmail.com", "", CANARY, CANARY, "", "", ""]
    answers, asker = answered(*lines)
    assert keyring_fakes.Memory.values == {}
    assert answers.secrets["auth.password"]
    assert answers.raw["auth.password"] == {"keyring": True}
    assert CANARY not in repr(answers) + "".join(asker.told)


def test_without_a_keyring_another_place_is_asked_for(
    smtpcheck: CommandLine, keyring_backend: Callable[[str], None]
) -> None:
    keyring_backend("keyring.backends.fail.Keyring")
    lines = ["gmail", "", "", "", "", "me@gmail.com", "keyring", "", "MAIL_PW", "", "", ""]
    answers, asker = answered(*lines)
    assert answers.raw["auth.password"] == {"env": "MAIL_PW"}
    assert "  this machine has no keyring backend" in asker.told


def test_flags_that_say_enough_leave_the_password_alone(smtpcheck: CommandLine) -> None:
    answers, asker = answered("none", preset="gmail", username="me@gmail.com")
    assert answers.name == "gmail"
    assert len(asker.questions) == 1


def test_a_preset_by_flag_is_not_asked_about(smtpcheck: CommandLine) -> None:
    _answers, asker = answered("", "me@gmail.com", "none", "", "", "", preset="gmail")
    assert not [each for each in asker.questions if "server" in each or "Port" in each]


@pytest.mark.parametrize("count", range(1, 9))
def test_an_interruption_keeps_what_was_typed(
    smtpcheck: CommandLine, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    lines = ["gmail", "smtp.googlemail.com", "", "587", "mine", "me@gmail.com", "none", ""]
    code = finish(Answers(), Scripted(*lines[:count]), Proving(probe=False))
    assert code == 130
    (draft,) = (smtpcheck.folder / "drafts").glob("*.toml")
    tables = tomllib.loads(draft.read_text())
    assert tables["preset"] == "gmail"
    assert (tables.get("server", {}).get("host") == "smtp.googlemail.com") is (count >= 2)
    assert (tables.get("auth", {}).get("username") == "me@gmail.com") is (count >= 6)
    assert f"smtpcheck profile drafts resume {draft.stem}" in capsys.readouterr().err


def test_a_draft_gives_the_defaults_of_the_next_time(smtpcheck: CommandLine) -> None:
    first = Scripted("gmail", "smtp.googlemail.com", "", "587", "mine", "me@gmail.com")
    assert finish(Answers(), first, Proving(probe=False)) == 130
    again = Scripted("", "", "", "", "", "none", "", "", "")
    assert finish(Answers("mine"), again, Proving(probe=False)) == 0
    assert again.answers == []
    tables = tomllib.loads(smtpcheck.read("mine"))
    assert tables["server"] == {"host": "smtp.googlemail.com", "port": 587}
    assert tables["auth"] == {"username": "me@gmail.com"}
    assert not list((smtpcheck.folder / "drafts").glob("*.toml"))


def draft(smtpcheck: CommandLine, name: str) -> dict[str, Any]:
    return tomllib.loads((smtpcheck.folder / "drafts" / f"{name}.toml").read_text())


@pytest.mark.parametrize("count", range(1, 6))
def test_a_second_interruption_loses_nothing_of_the_first(
    smtpcheck: CommandLine, count: int
) -> None:
    first = Scripted("gmail", "smtp.googlemail.com", "", "587", "mine", "me@gmail.com")
    finish(Answers(), first, Proving(probe=False))
    before = draft(smtpcheck, "mine")
    assert finish(Answers("mine"), Scripted(*[""] * count), Proving(probe=False)) == 130
    assert draft(smtpcheck, "mine") == before


def test_another_provider_is_not_asked_for_at_the_server_of_the_first(
    smtpcheck: CommandLine,
) -> None:
    first = Scripted("gmail", "smtp.googlemail.com", "", "587", "mine", "me@gmail.com")
    finish(Answers(), first, Proving(probe=False))
    again = Scripted("office365")
    finish(Answers("mine"), again, Proving(probe=False))
    assert again.questions[1] == "Mail server [smtp.office365.com]: "
    assert draft(smtpcheck, "mine")["auth"] == {"username": "me@gmail.com"}


def test_two_unnamed_attempts_are_two_drafts(smtpcheck: CommandLine) -> None:
    finish(Answers(), Scripted("gmail", "one.example"), Proving(probe=False))
    second = Scripted("gmail", "two.example")
    finish(Answers(), second, Proving(probe=False))
    assert "There are drafts: gmail." in second.told
    hosts = [draft(smtpcheck, name)["server"]["host"] for name in ("gmail", "gmail-2")]
    assert hosts == ["one.example", "two.example"]


def on_terminal(folder: Path, arguments: list[str], keys: list[tuple[str, str]]) -> tuple[int, str]:
    """Runs the command on a terminal, types each line after its question; exit code and screen."""
    leader, follower = pty.openpty()
    env = os.environ | {"SMTPCHECK_CONFIG_DIR": str(folder), "TERM": "dumb", "COLUMNS": "80"}
    env |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    command = [sys.executable, "-m", "smtpcheck", *arguments]
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=env, start_new_session=True
    )
    os.close(follower)
    screen, seen, end = "", 0, time.monotonic() + 30
    waiting = list(keys)
    while time.monotonic() < end:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                data = os.read(leader, 65_536)
            except OSError:
                break
            if not data:
                break
            screen += data.decode()
        if waiting and waiting[0][0] in screen[seen:]:
            seen = len(screen)
            os.write(leader, waiting.pop(0)[1].encode() + b"\n")
    os.close(leader)
    return process.wait(10), screen


def test_a_real_terminal_is_asked(tmp_path: Path) -> None:
    keys = [
        ("Provider", "relay"),
        ("Mail server", "mail.example.com"),
        ("Security", ""),
        ("Port", ""),
        ("Name", ""),
        ("User", ""),
        ("address", "app@example.com"),
        ("name", ""),
        ("go to", ""),
    ]
    code, screen = on_terminal(tmp_path, ["profile", "init", "--no-probe"], keys)
    assert code == 0, screen
    assert "saved the profile relay" in screen
    assert 'host = "mail.example.com"' in (tmp_path / "profiles" / "relay.toml").read_text()


def test_a_secret_is_not_echoed(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "a.toml").write_text('[server]\nhost = "h.example"\n[auth]\nusername = "u"\n')
    keys = [("Password of u", CANARY), ("again", CANARY)]
    code, screen = on_terminal(tmp_path, ["secret", "set", "a"], keys)
    assert code == 1  # there is no keyring here
    assert "no keyring backend" in screen
    assert CANARY not in screen
