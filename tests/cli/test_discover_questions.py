"""What `smtpcheck discover` asks on a terminal, and what it does without an answer."""

from __future__ import annotations

import tomllib

import pytest

from tests.cli.command_line import CommandLine
from tests.cli.discover_world import CANARY, USER, MakeWorld, both, outside, talks, world
from tests.cli.test_profile_questions import Scripted
from tests.discover.world import srv

__all__ = ["world"]


def answering(monkeypatch: pytest.MonkeyPatch, *lines: str) -> Scripted:
    """Somebody at the terminal who gives these answers."""
    asker = Scripted(*lines)
    monkeypatch.setattr(
        "smtpcheck.cli.ask.terminal", lambda *, no_input=False: None if no_input else asker
    )
    return asker


def test_the_chosen_server_is_logged_in_to_once_and_saved(
    world: MakeWorld, smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = answering(monkeypatch, "2", "yes", "mine", "keyring", CANARY, CANARY)
    with world(both, labels=("smtp",), users={USER: CANARY}) as (here, find):
        said = talks(here, monkeypatch)
        code, out, err = find(USER)
        port = here.smtp.submission_port
    assert code == 0, out + err
    assert asker.answers == []
    assert len([line for line in said if line.startswith("AUTH")]) == 1
    saved = tomllib.loads(smtpcheck.read("mine"))
    assert (saved["server"]["port"], saved["auth"]["password"]) == (port, {"keyring": True})
    assert CANARY not in out + err + smtpcheck.read("mine")


@pytest.mark.parametrize("lines", [("none",), ("1", "no"), ("1", "")])
def test_without_a_clear_yes_nothing_is_logged_in_to_or_saved(
    world: MakeWorld,
    smtpcheck: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    lines: tuple[str, ...],
) -> None:
    asker = answering(monkeypatch, *lines)
    with world(both, labels=("smtp",)) as (here, find):
        said = talks(here, monkeypatch)
        assert find(USER)[0] == 0
    assert asker.answers == []
    assert not any(line.startswith("AUTH") for line in said)
    assert not (smtpcheck.folder / "profiles").exists()


def test_a_server_outside_of_the_domain_is_asked_about_first(
    world: MakeWorld, smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = answering(monkeypatch, "1", "no")
    with world(outside) as (_here, find):
        assert find(USER)[0] == 0
    assert asker.questions[-1] == "Does the provider say that it is right [no]: "
    assert not (smtpcheck.folder / "profiles").exists()


def test_a_wrong_password_keeps_what_was_typed(
    world: MakeWorld, smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "yes", "mine", "keyring", CANARY, CANARY)
    with world(
        lambda smtp: (srv("_submissions", smtp.submissions_port),),
        labels=("smtp",),
        users={USER: "another"},
    ) as (here, find):
        said = talks(here, monkeypatch)
        code, out, err = find(USER)
    assert code == 1
    assert "auth-bad-credentials" in out
    assert len([line for line in said if line.startswith("AUTH")]) == 1
    assert "kept as a draft" in err
    assert CANARY not in out + err


@pytest.mark.parametrize("words", [("--no-input",), ("--no-probe",), ("--format", "json")])
def test_nobody_is_asked_where_it_was_not_wanted(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    asker = answering(monkeypatch)
    with world(both, labels=("smtp",)) as (_here, find):
        assert find(USER, *words)[0] == 0
    assert asker.questions == []
