"""Profiles that `profile init` did not finish: kept as typed, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.model.settings import Kind
from smtpcheck.model.value import dataclass
from smtpcheck.store import paths
from smtpcheck.store.atomic import locked, write_whole
from smtpcheck.store.keys import KEYS, nearest
from smtpcheck.store.secret_reference import secret_reference
from smtpcheck.store.toml_file import parse_toml, read_bytes
from smtpcheck.store.toml_text import document
from smtpcheck.store.wrong_value import WrongValueError

_HEADER = "A draft of smtpcheck: not yet a profile. Go on with: smtpcheck profile init {name}"


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft, unread."""

    name: str
    path: Path
    saved: float
    """When, in seconds since 1970."""


def save_draft(name: str, tables: Mapping[str, Any]) -> Path:
    """Keeps nested tables as a draft, right or wrong, and returns its file. An older draft of
    the name is replaced. A secret itself is left out: only its place is kept."""
    path = _path(name)
    text = document(_without_secrets(tables, ""), _HEADER.format(name=name))
    with locked(path):
        write_whole(path, text.encode("utf-8", "replace"))
    return path


def read_draft(name: str) -> dict[str, Any]:
    """The tables of a draft, unchecked. Raises UsageError where there is none, ProfileError where
    the file is not TOML."""
    path = _existing(name)
    tables, _lines = parse_toml(read_bytes(path), str(path))
    return tables


def delete_draft(name: str) -> Path:
    """Deletes a draft and returns its path. Raises UsageError where there is none."""
    path = _existing(name)
    with locked(path):
        path.unlink(missing_ok=True)
    return path


def list_drafts() -> tuple[Draft, ...]:
    """All drafts by name."""
    found = sorted(paths.drafts_dir().glob(f"*{paths.SUFFIX}"))
    return tuple(
        Draft(path.stem, path, path.stat().st_mtime)
        for path in found
        if not path.name.startswith(".")
    )


def _path(name: str) -> Path:
    return paths.drafts_dir() / f"{paths.checked_name(name)}{paths.SUFFIX}"


def _existing(name: str) -> Path:
    path = _path(name)
    if not path.exists():
        names = [draft.name for draft in list_drafts()]
        near = nearest(name, names)
        hints = [f"did you mean {near}?"] if near else []
        raise UsageError(f"there is no draft {name}", hints)
    return path


def _without_secrets(tables: Mapping[str, Any], parent: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for word, value in tables.items():
        name = f"{parent}.{word}" if parent else word
        key = KEYS.get(name)
        if key is not None and key.rule.kind is Kind.SECRET:
            try:
                secret_reference(value, name, Path.cwd())
            except WrongValueError:
                continue
            kept[word] = value
        elif isinstance(value, Mapping):
            kept[word] = _without_secrets(value, name)
        else:
            kept[word] = value
    return kept
