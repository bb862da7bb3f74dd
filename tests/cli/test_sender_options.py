"""`probe --sender` and `--relay`: what goes together, and what is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests import keyring_fakes
from tests.cli.command_line import CommandLine

CONTRADICTIONS = [
    (["--sender", "a@example.com", "--until", "auth"], "leave --until out"),
    (["--sender", "self"], "--sender self names nobody"),
    (["--sender", "a@example.com", "--fix"], "--sender is none"),
    (["--sender", "a@example.com", "--sender", "b@example.com", "--send"], "name one --sender"),
    (["--sender", "a b"], "--sender"),
    (["--relay"], "--to ADDRESS"),
    (["--relay", "--to", "self"], "--to ADDRESS"),
    (["--relay", "--to", "a@example.net", "--send", "--sender", "b@example.com"], "sends no"),
    (["--send"], "--send belongs to --fix or --sender"),
]


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def boxed(smtpcheck: CommandLine, server: Sandbox) -> None:
    smtpcheck.write(
        "box",
        f'[server]\nhost = "localhost"\nport = {server.submission_port}\n'
        f'[tls]\nca_file = "{server.ca_file}"\n'
        f'[auth]\nusername = "{server.username}"\npassword = {{ keyring = true }}\n'
        f'[sender]\naddress = "{server.username}"\nforce = true\n'
        '[test]\nto = ["ops@example.com"]\n',
    )
    keyring_fakes.Memory.values["smtpcheck:box", server.username] = server.password


@pytest.mark.parametrize(("words", "said"), CONTRADICTIONS)
def test_what_does_not_go_together_is_refused_before_any_packet(
    smtpcheck: CommandLine, server: Sandbox, words: list[str], said: str
) -> None:
    boxed(smtpcheck, server)
    done = smtpcheck("probe", "box", *words)
    assert done.code == 2
    assert said in done.err
    assert len(server.messages) == 0


def test_every_sender_has_its_line(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    done = smtpcheck("probe", "box", "--sender", "a@example.com", "--sender", "b@example.com")
    assert done.code == 0
    assert "<a@example.com>: accepted so far" in done.out
    assert "2 of 2 senders accepted, no message sent" in done.out
    assert len(server.messages) == 0


def test_with_send_one_message_shows_it(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    done = smtpcheck("probe", "box", "--sender", "a@example.com", "--send")
    assert done.code == 0
    (message,) = server.messages
    assert message.envelope_sender == "a@example.com"
    assert b"\nFrom: a@example.com" in message.data.replace(b"\r\n", b"\n")


def test_relaying_is_asked_without_the_login(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    done = smtpcheck("probe", "box", "--relay", "--to", "x@example.net", "--format", "json")
    assert done.code == 0
    (target,) = json.loads(done.out)["targets"]
    stages = {each["stage"]: each for each in target["stages"]}
    assert (stages["auth"]["outcome"], stages["auth"]["blocked_by"]) == ("skipped", None)
    assert stages["send"]["steps"][0]["verdict"] == "closed"
    assert len(server.messages) == 0
