"""`probe --fix` with a password that is typed at a question."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtpcheck.cli.session import remembered
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.server import Sandbox
from tests.cli.command_line import CommandLine
from tests.cli.test_fix import write

STRICT = Scenario(name="strict", check_sender=True)


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox(scenario=STRICT) as made:
        yield made


@pytest.fixture
def asked(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that somebody answers with the password."""
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return server.password

    monkeypatch.setattr("smtpcheck.cli.fix.asker", lambda **_: ask)
    return questions


def test_a_password_is_typed_once_for_both_probes(
    smtpcheck: CommandLine, server: Sandbox, asked: list[str]
) -> None:
    text = write(smtpcheck, server, security="starttls", sender="someone@else.test")
    smtpcheck.write("night", text.replace('{ env = "SANDBOX_PASSWORD" }', "{ prompt = true }"))
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 0, done.out + done.err
    assert "fixed:" in done.out, "both probes logged in"
    assert asked == [f"password of {server.username} (profile night)"]
    assert server.password not in done.out + done.err + smtpcheck.read("night")


def test_another_question_is_asked_and_no_answer_is_not_kept() -> None:
    answers = iter(["", "first", "second"])
    ask = remembered(lambda _question: next(answers))
    assert ask is not None
    assert [ask("a"), ask("a"), ask("a"), ask("b")] == ["", "first", "first", "second"]


def test_where_nobody_can_be_asked_nobody_is() -> None:
    assert remembered(None) is None
