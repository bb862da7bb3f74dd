"""Test 10: a setting cannot become a command; it is refused before anything is sent."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.plan import Plan
from tests.pki import TestPki
from tests.scripted.probing import assert_no_login_and_no_mail, failed_step, run, shown
from tests.scripted.server import ScriptedServer

HOSTILE = ["\r", "\n", "\0", "\u2028", "\r\nRSET\r\n"]
KEYS = [
    ("server.host", "127.0.0.1{}"),
    ("server.helo", "client{}.test"),
    ("server.source_address", "127.0.0.1{}"),
    ("tls.server_name", "mail.example.test{}"),
    ("auth.username", "alice{}@example.test"),
    ("sender.address", "alice{}@example.test"),
    ("sender.bounce", "bounce{}@example.test"),
    ("sender.reply_to", "reply{}@example.test"),
    ("sender.name", "Alice{} Example"),
    ("test.to", "ops{}@example.test"),
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
@pytest.mark.parametrize(("key", "value"), KEYS, ids=[key for key, _ in KEYS])
def test_a_control_character_in_a_setting_is_refused_with_its_key(
    pki: TestPki, key: str, value: str, hostile: str
) -> None:
    section, _, name = key.partition(".")
    text = value.format(hostile)
    settings: dict[str, dict[str, Any]] = {section: {name: [text] if key == "test.to" else text}}
    with ScriptedServer("S: 220 hi", pki, strict=False) as server:
        with pytest.raises(ProfileError) as refused:
            run(server.port, pki, settings=settings)
        assert server.connections == []
    assert any(problem.key.startswith(key) for problem in refused.value.problems)


@pytest.mark.parametrize("key", ["sender.address", "sender.bounce", "test.to"])
def test_a_bracket_cannot_end_the_path(pki: TestPki, key: str) -> None:
    section, _, name = key.partition(".")
    text = "a> SIZE=1 <b@example.test"
    settings: dict[str, dict[str, Any]] = {section: {name: [text] if key == "test.to" else text}}
    with ScriptedServer("S: 220 hi", pki, strict=False) as server:
        with pytest.raises(ProfileError):
            run(server.port, pki, settings=settings)
        assert server.connections == []


@pytest.mark.parametrize(
    "recipient", ["ops@example.test\r\nDATA", "a> <b@example.test", "a\0@b.test"]
)
def test_a_recipient_of_the_plan_cannot_become_a_command(pki: TestPki, recipient: str) -> None:
    text = "!: include parts/login.smtp\nC: *\nS: 250 ok\nC: *\nS: 250 ok\nC: *\nS: 250 ok"
    with (
        ScriptedServer(text, pki, strict=False) as server,
        contextlib.suppress(UsageError, ValueError),
    ):
        run(server.port, pki, plan=Plan(recipients=(recipient,), deadline=3.0))
    for connection in server.connections:
        assert "DATA" not in connection.verbs()
        assert not any(line.count("<") > 1 for line in connection.lines)


@pytest.mark.parametrize("key", ["sender.address", "test.to"])
def test_an_address_that_needs_smtputf8_is_refused_where_that_is_not_offered(
    pki: TestPki, key: str
) -> None:
    section, _, name = key.partition(".")
    text = "jörg@example.test"
    settings: dict[str, dict[str, Any]] = {
        section: {name: [text] if key == "test.to" else text},
        "server": {"timeout": 0.5},
    }
    script = "!: include parts/login.smtp\nC: *\nS: 250 ok\nC: *\nS: 250 ok\nC: *\nS: 221 bye"
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert failed_step(report) == "send.prepare"
    assert report.exit_code == 14
    assert "MAIL" not in server.connection.verbs()
    assert "SMTPUTF8" in shown(report)


def test_a_password_with_line_ends_stays_one_response(pki: TestPki) -> None:
    text = "!: include parts/login.smtp\nC: MAIL\nS: 550 no | 503 no | 503 no"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, password="pass\r\nRSET\r\nword")
    assert "RSET" not in server.connection.verbs()
    assert "RSET" not in shown(report)


def test_a_password_with_nul_is_not_said_with_plain(pki: TestPki) -> None:
    text = "!: include parts/starttls.smtp\nC: *\nS: 250 ok"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, password="pass\0word")
    assert report.exit_code == 13
    assert_no_login_and_no_mail(server, report)
