"""Reading a profile's text in a test: the profile, or its problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.errors import Problem, ProfileError
from smtpcheck.store.origin import LoadedProfile
from smtpcheck.store.profile_reader import profile_from_text

PATH = Path("/somewhere/app.toml")


def read(text: str, **more: Any) -> LoadedProfile:
    more.setdefault("environment", {})
    return profile_from_text(text.encode(), path=PATH, **more)


def problems(text: str, **more: Any) -> tuple[Problem, ...]:
    with pytest.raises(ProfileError) as caught:
        read(text, **more)
    return caught.value.problems


def keep(folder: Path, name: str, text: str) -> Path:
    path = folder / "profiles" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
