"""What was typed and could not be saved: new profiles, and changes of profiles that are there.

A draft is a file of the keys that were given. One whose table `[draft]` has `of` holds changes of
the profile that this names; any other is a profile that is not whole, or was not proved. There
`name` is what the profile is to be called where the file is not called so (empty: nobody has said
it), and `force` that it may replace a profile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.settings import Kind
from smtpcheck.model.value import dataclass
from smtpcheck.store import paths
from smtpcheck.store.atomic import locked, write_whole
from smtpcheck.store.keys import KEYS, flat_values, nearest, nested_values
from smtpcheck.store.secret_reference import secret_reference
from smtpcheck.store.toml_file import parse_toml, read_bytes
from smtpcheck.store.toml_text import document
from smtpcheck.store.wrong_value import WrongValueError

_HEADER = "A draft of smtpcheck: not yet in use. Go on with: smtpcheck profile drafts resume {name}"
_TABLE = "draft"


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft, unread."""

    name: str
    path: Path
    saved: float
    """When, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a draft holds."""

    tables: Mapping[str, Any]
    """Nested, as typed, unchecked."""
    of: str = ""
    """The profile whose changes these are; empty for a new profile."""
    name: str = ""
    """What a new profile is to be called; empty where nobody has said it."""
    force: bool = False
    """A new profile may replace one of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A new profile that could not be saved."""

    tables: Mapping[str, Any]
    """Nested, as typed, unchecked."""
    name: str = ""
    """What the profile is to be called; empty where nobody has said it."""
    force: bool = False
    """It may replace a profile of its name."""
    own: str = ""
    """The draft that is gone on with, whose place it takes."""


def draft_place(name: str, wanted: Wanted) -> str:
    """What the draft of a new profile will be called, `name` or that with a number. It takes the
    place of the one that is gone on with, of one of the same profile that holds no key which it
    lacks, and of one without a name that holds nothing else; any other stays."""
    return next(path.stem for path in _new_places(name, wanted) if _may_hold(path, wanted))


def save_draft(name: str, wanted: Wanted) -> Path:
    """Keeps a new profile, right or wrong, at `draft_place`, and returns its file. A secret itself
    is left out: only its place is kept."""
    for path in _new_places(name, wanted):
        with locked(path):
            if _may_hold(path, wanted):
                head: dict[str, Any] = {"force": True} if wanted.force else {}
                if wanted.name != path.stem:
                    head["name"] = wanted.name
                _write(path, head, wanted.tables)
                return path
    raise AssertionError("a number is always free")


def forget_saved(name: str, wanted: Wanted) -> None:
    """Deletes the drafts of a new profile that has been saved, `name` and those with a number."""
    for draft in list_drafts():
        named = draft.name in (wanted.own, name) or draft.name.startswith(f"{name}-")
        with locked(draft.path):
            if named and draft.path.exists() and _may_hold(draft.path, wanted):
                draft.path.unlink(missing_ok=True)


def changes_place(of: str) -> str:
    """What the draft of changes of a profile will be called."""
    return next(path.stem for path in _places(of) if _held(path) in (None, of))


def save_changes(of: str, values: Mapping[str, Any]) -> Path:
    """Keeps changes of a profile, by full key, beside those that were kept before, and returns
    the file. A secret itself is left out."""
    for path in _places(of):
        with locked(path):
            if _held(path) in (None, of):
                before = flat_values(_read(path).tables) if path.exists() else {}
                _write(path, {"of": of}, nested_values(before | dict(values)))
                return path
    raise AssertionError("a number is always free")


def forget_changes(of: str, keys: Collection[str]) -> None:
    """Takes changes that are no longer open out of the drafts of a profile."""
    for draft in list_drafts():
        with locked(draft.path):
            if _held(draft.path) != of:
                continue
            before = flat_values(_read(draft.path).tables)
            left = {key: value for key, value in before.items() if key not in keys}
            if not left:
                draft.path.unlink(missing_ok=True)
            elif left != before:
                _write(draft.path, {"of": of}, nested_values(left))


def rename_changes(old: str, new: str) -> None:
    """Lets the drafts of changes follow their profile to another name."""
    for draft in list_drafts():
        with locked(draft.path):
            if _held(draft.path) == old:
                _write(draft.path, {"of": new}, _read(draft.path).tables)


def read_draft(name: str) -> Kept:
    """What a draft holds. Raises UsageError where there is none, ProfileError where the file is
    not TOML."""
    return _read(_existing(name))


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


def _places(name: str) -> Iterator[Path]:
    """The file of that name, then those with a number: what another draft holds stays."""
    yield _path(name)
    for number in count(2):
        yield _path(f"{name}-{number}")


def _new_places(name: str, wanted: Wanted) -> Iterator[Path]:
    if wanted.own:
        yield _path(wanted.own)
    yield from _places(name)


def _may_hold(path: Path, wanted: Wanted) -> bool:
    if not path.exists():
        return True
    try:
        there = _read(path)
    except ProfileError:
        return False
    if there.of:
        return False
    old, new = flat_values(there.tables), flat_values(wanted.tables)
    if path.stem == wanted.own:
        return True
    if not there.name:
        return all(key in new and new[key] == value for key, value in old.items())
    return there.name == wanted.name and old.keys() <= new.keys()


def _write(path: Path, head: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
    table = {_TABLE: dict(head)} if head else {}
    text = document({**table, **_without_secrets(tables, "")}, _HEADER.format(name=path.stem))
    write_whole(path, text.encode("utf-8", "replace"))


def _held(path: Path) -> str | None:
    """Whose changes a file holds, `""` for a new profile; None where there is no file. What is
    broken belongs to nobody, and is never written over."""
    if not path.exists():
        return None
    try:
        return _read(path).of
    except ProfileError:
        return "?"


def _read(path: Path) -> Kept:
    tables, _lines = parse_toml(read_bytes(path), str(path))
    head = tables.pop(_TABLE, None)
    head = head if isinstance(head, Mapping) else {}
    of, name = head.get("of", ""), head.get("name", path.stem)
    return Kept(
        tables,
        of if isinstance(of, str) else "",
        name if isinstance(name, str) else path.stem,
        head.get("force") is True,
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
