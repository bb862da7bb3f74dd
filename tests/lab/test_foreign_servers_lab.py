"""Exported settings in the servers they are for: a mail must arrive over TLS, with a login."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.profile import Profile
from smtpcheck.sandbox.server import Sandbox
from tests.lab import consumers, server_programs
from tests.store.foreign.reading_back import profile_of, written

pytestmark = pytest.mark.lab
PASSWORD = r"""p$$w0rd #1 "x" it's a\b ${HOME} %41&=; ä"""
SENDERS: dict[str, Callable[[Path, Path], None]] = {
    "rails": server_programs.send_with_rails,
    "gitlab": server_programs.send_with_gitlab,
    "discourse": server_programs.send_with_discourse,
    "nextcloud": server_programs.send_with_nextcloud,
}
ODD = [
    "pa$$word #1",
    "it's",
    r"a\d",
    'say "x"',
    "c:d@e/f?g",
    "null",
    "a=b;c",
    "ä\U0001f600",
    "0123",
]


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox(users={"app@example.com": PASSWORD}, mechanisms=("PLAIN", "LOGIN")) as running:
        yield running


def profile(server: Sandbox, security: str, **more: Any) -> Profile:
    ports = {"starttls": server.submission_port, "tls": server.submissions_port}
    values: dict[str, Any] = {
        "server.host": "localhost",
        "server.port": ports[security],
        "server.security": security,
        "auth.username": server.username,
        "auth.password": {"keyring": True},
        "sender.address": "app@example.com",
        "sender.name": "Example, Shop",
    }
    return profile_of({**values, **more})


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("name", SENDERS)
def test_a_program_sends_with_what_was_exported_for_it(
    name: str, security: str, server: Sandbox, tmp_path: Path
) -> None:
    more = {"tls.ca_file": str(server.ca_file)}
    text, _saying = written(name, profile(server, security, **more), PASSWORD)
    file = tmp_path / "settings"
    file.write_text(text, encoding="utf-8")
    SENDERS[name](file, server.ca_file)
    (message,) = server.messages
    assert message.username == server.username
    assert message.tls_version
    assert message.recipients == (consumers.TO,)


def test_alertmanager_sends_an_alert_with_what_was_exported_for_it(
    server: Sandbox, tmp_path: Path
) -> None:
    text, _saying = written("alertmanager", profile(server, "starttls"), PASSWORD)
    file = tmp_path / "alertmanager.yml"
    file.write_text(server_programs.with_route(text), encoding="utf-8")
    assert "SUCCESS" in server_programs.check_alertmanager(file)
    with server_programs.alertmanager(file, server.ca_file) as address:
        server_programs.alert(address)
        for _try in range(200):
            if server.messages:
                break
            time.sleep(0.1)
    assert server.messages, (tmp_path / "alertmanager.log").read_text(errors="replace")
    (message,) = server.messages
    assert message.username == server.username
    assert message.tls_version


@pytest.mark.parametrize("password", ODD)
def test_compose_hands_on_what_was_meant(password: str, server: Sandbox, tmp_path: Path) -> None:
    text, _saying = written("compose", profile(server, "starttls"), password)
    file = tmp_path / "compose.yaml"
    file.write_text(
        text.replace("services:\n  app:\n", 'version: "3"\nservices:\n  app:\n    image: app\n'),
        encoding="utf-8",
    )
    found = server_programs.environment_of_compose(file)
    # `config` prints what can be read again, so a dollar stands twice.
    assert found["SMTP_PASSWORD"].replace("$$", "$") == password
    assert found["SMTP_PORT"] == str(server.submission_port)


@pytest.mark.parametrize("password", ODD)
def test_readers_of_properties_read_what_was_meant(
    password: str, server: Sandbox, tmp_path: Path
) -> None:
    text, _saying = written("spring", profile(server, "tls"), password)
    file = tmp_path / "application.properties"
    file.write_text(text, encoding="ascii")
    found = server_programs.properties_of(file)
    assert found["spring.mail.password"] == password
    assert found["spring.mail.properties.mail.smtp.ssl.enable"] == "true"


@pytest.mark.parametrize("password", ODD)
@pytest.mark.parametrize("name", ["kubernetes", "jenkins", "alertmanager", "discourse", "compose"])
def test_rubys_reader_of_yaml_reads_what_was_meant(
    name: str, password: str, server: Sandbox, tmp_path: Path
) -> None:
    text, _saying = written(name, profile(server, "starttls"), password)
    file = tmp_path / "settings.yaml"
    file.write_text(text, encoding="utf-8")
    doubled = password.replace("$", "$$") if name == "compose" else password
    assert doubled in _values(server_programs.yaml_of_ruby(file))


def _values(tree: object) -> list[object]:
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else None
    return [tree] if inner is None else [found for each in inner for found in _values(each)]
