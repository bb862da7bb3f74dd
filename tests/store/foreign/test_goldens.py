"""What real texts of each format become, and what each format makes of the same profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.store.foreign.entry import Source
from smtpcheck.store.foreign.formats import NAMES, format_named, guessed
from tests.store.foreign.reading_back import FOLDER, TEXTS, profile_of, told, written

PROFILES: dict[str, dict[str, Any]] = {
    "usual": {
        "server.host": "smtp.example.com",
        "server.port": 587,
        "server.security": "starttls",
        "auth.username": "app@example.com",
        "auth.password": {"keyring": True},
        "sender.address": "noreply@example.com",
        "sender.name": 'Example "Shop" & Söhne',
    },
    "full": {
        "server.host": "mail.example.org",
        "server.port": 465,
        "server.security": "tls",
        "server.helo": "app01.example.org",
        "server.timeout": 30.0,
        "tls.ca_file": "/etc/ssl/example ca.pem",
        "tls.client_cert": "/etc/ssl/client.pem",
        "tls.client_key": "/etc/ssl/client.key",
        "tls.verify": False,
        "auth.method": "login",
        "auth.username": "DOMAIN\\user",
        "auth.password": {"env": "SMTP_PW"},
        "sender.address": "noreply@example.org",
        "sender.reply_to": "help@example.org",
        "sender.bounce": "bounces@example.org",
    },
    "relay": {
        "server.host": "192.0.2.25",
        "server.port": 25,
        "server.security": "none",
        "sender.address": "root@example.net",
    },
}
CASES = sorted(path.relative_to(TEXTS).as_posix() for path in TEXTS.glob("*/*"))


def source_of(path: Path) -> Source:
    """A text under its own name: `.txt` keeps linters away from the code of others."""
    return Source(path.read_text(encoding="utf-8"), path.name.removesuffix(".txt"), FOLDER)


@pytest.mark.parametrize("case", CASES)
def test_a_text_becomes_these_settings(case: str, golden: Callable[[str, str], None]) -> None:
    name, _, file = case.partition("/")
    found = format_named(name).read(source_of(TEXTS / case))
    for each in found:
        each.check(file, FOLDER)
    golden(f"foreign/{name}/{file.removesuffix('.txt')}.imported.txt", "\n".join(map(told, found)))


@pytest.mark.parametrize("case", CASES)
def test_what_a_text_says_makes_a_profile(case: str) -> None:
    """Unless its host or its user is not known, which the command asks for."""
    name = case.partition("/")[0]
    for each in format_named(name).read(source_of(TEXTS / case)):
        values = dict(each.values)
        values.setdefault("server.host", "smtp.example.com")
        if "auth.password" in values or each.secrets:
            values.setdefault("auth.username", "someone")
        assert profile_of(values).server.host


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_recognised_by_itself(case: str) -> None:
    name = case.partition("/")[0]
    assert guessed(source_of(TEXTS / case)).name == name


def test_every_format_has_a_text() -> None:
    assert {case.partition("/")[0] for case in CASES} == set(NAMES)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", NAMES)
def test_a_profile_becomes_this_text(
    name: str, profile: str, golden: Callable[[str, str], None]
) -> None:
    text, saying = written(name, profile_of(PROFILES[profile]))
    notes = "".join(f"note: {note}\n" for note in saying.notes())
    golden(f"foreign/{name}/{profile}.exported.txt", f"{text}---\n{notes}")
