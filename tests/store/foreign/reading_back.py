"""Reads and writes foreign texts in tests: a profile out, the same profile in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import Secret
from smtpcheck.store.build import value_of
from smtpcheck.store.foreign.entry import Source
from smtpcheck.store.foreign.formats import format_named
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.keys import KEYS, nested_values
from smtpcheck.store.profile_reader import profile_from_settings
from smtpcheck.wire.sasl import plain_text

TEXTS = Path(__file__).parent / "texts"
FOLDER = Path("/somewhere")


def source(text: str, file: str = "settings") -> Source:
    """A text as it comes from a file of that name."""
    return Source(text, file, FOLDER)


def imported(name: str, text: str, file: str = "settings", account: str = "") -> Imported:
    """The one way to send mail that a text in this format holds, or that account of it."""
    found = format_named(name).read(source(text, file))
    return next(each for each in found if each.account == account or len(found) == 1)


def profile_of(values: dict[str, Any]) -> Profile:
    """The checked profile with these values by full key."""
    return profile_from_settings(nested_values(values), environment={}).profile


def written(name: str, profile: Profile, password: str | None = None) -> tuple[str, Saying]:
    """A profile in this format, with its password where one is given."""
    saying = Saying(profile, None if password is None else Secret(password))
    return format_named(name).write(saying), saying


def read_back(name: str, text: str, file: str = "settings") -> tuple[Profile, dict[str, str]]:
    """The profile that a text in this format is, and its secrets by key."""
    found = imported(name, text, file)
    found.check(file, FOLDER)
    secrets = {key: plain_text(value) for key, value in found.secrets.items()}
    return profile_of(dict(found.values)), secrets


def settings_of(profile: Profile) -> dict[str, Any]:
    """What a profile says by full key, the port and the mode that follow included."""
    found = {name: value_of(profile, name) for name in KEYS}
    return found | {"server.port": profile.port, "server.security": profile.security}


def told(found: Imported) -> str:
    """Everything that was read, for a golden file. Nothing but a test shows a secret."""
    lines = [f"account {found.account or '-'}"]
    for key, value in found.values.items():
        place = found.places.get(key)
        where = f"   # {place.name}, line {place.line}" if place else ""
        lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}{where}")
    lines += [f"secret {key} = {plain_text(value)}" for key, value in found.secrets.items()]
    lines += [f"note {note.line or '-'}: {note.text}" for note in found.notes]
    return "\n".join(lines) + "\n"
