"""Makes, changes, renames, copies and deletes profiles; nothing wrong is ever written."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from smtpcheck.model.errors import Problem, ProfileError, UsageError
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.settings import Kind
from smtpcheck.model.value import dataclass
from smtpcheck.store import paths
from smtpcheck.store.atomic import DISK, Disk, locked, write_whole
from smtpcheck.store.keys import KEYS, nearest
from smtpcheck.store.layers import layer_of_overrides
from smtpcheck.store.profile_reader import locate, profile_from_text
from smtpcheck.store.secret_reference import hidden_parts
from smtpcheck.store.toml_edit import REMOVED, CannotEditError, edited
from smtpcheck.store.toml_file import BOM, decode, parse_toml, read_bytes
from smtpcheck.store.toml_text import document

_NOTHING: Mapping[str, str] = MappingProxyType({})
_HEADER = "A profile of smtpcheck. Change it here, or: smtpcheck profile set {name} KEY VALUE"


@dataclass(frozen=True, slots=True)
class SetResult:
    """What became of one key of a file."""

    key: str
    old: Json
    """As it stood in the file; None where it was not there."""
    new: Json
    """As it stands there now; None where it was taken away."""
    path: Path
    remaining: tuple[Problem, ...] = ()
    """Problems that the file had before and still has."""

    @property
    def changed(self) -> bool:
        """Whether the file differs."""
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as it is and as it would be."""

    path: Path
    name: str | None
    """Of the profile; None outside the user's folder."""
    old: bytes
    new: bytes


def create_profile(
    name: str,
    tables: Mapping[str, Any],
    *,
    comments: Mapping[str, str] = _NOTHING,
    replace: bool = False,
    disk: Disk = DISK,
) -> Path:
    """Writes a new profile of nested tables and returns its file, readable by its owner alone.

    Comments stand above the key or table that they are named by. A relative path is meant from
    the current folder and written so that it still means the same file. Raises UsageError where
    the profile exists and `replace` is not set, ProfileError where the tables make no valid
    profile; nothing is written then.
    """
    path = paths.profile_path(name)
    tables = _with_paths_from_here(tables, path.parent)
    text = document({"schema": 1, **tables}, _HEADER.format(name=name), comments)
    content = text.encode("utf-8", "surrogatepass")
    profile_from_text(content, path=path, name=name, environment={})
    with locked(path):
        if not replace:
            _refuse_existing(path, name)
        write_whole(path, content, disk=disk)
    return path


def set_value(
    name_or_path: str | Path, key: str, value_text: str, *, disk: Disk = DISK
) -> SetResult:
    """Sets one key in a profile's file, comments and order kept. `value_text` is read as the key
    wants it: `465`, `true`, `a@x.example,b@x.example`, `{ env = "NAME" }`.

    Raises ProfileError with every problem when the file would be wrong; it is untouched then.
    """
    return change_values(name_or_path, {key: value_text}, disk=disk)[0]


def unset_value(name_or_path: str | Path, key: str, *, disk: Disk = DISK) -> SetResult:
    """Takes one key, or a whole table, out of a profile's file. Raises as `set_value` does, and
    UsageError where it is not there."""
    return change_values(name_or_path, {key: None}, disk=disk)[0]


def change_values(
    name_or_path: str | Path, changes: Mapping[str, str | None], *, disk: Disk = DISK
) -> tuple[SetResult, ...]:
    """Sets and takes away (None) several keys at once: those that only make sense together, such
    as a certificate and its key. Raises as `set_value` does.

    A file with problems can be mended step by step: only a change that brings a new problem, or
    leaves one at a key it sets, is refused.
    """
    path, name = locate(name_or_path)
    wanted = _wanted(changes, path)
    with locked(path):
        old = read_bytes(path)
        before, _lines = parse_toml(old, str(path))
        _refuse_missing(before, wanted, path)
        new = _edited(old, wanted, path)
        remaining = _checked(old, new, path, name, set(changes))
        if new != old:
            write_whole(path, new, disk=disk)
    after = tomllib.loads(decode(new, str(path)))
    return tuple(
        SetResult(key, _shown(before, key), _shown(after, key), path, remaining) for key in changes
    )


def preview_values(name_or_path: str | Path, changes: Mapping[str, str | None]) -> Preview:
    """What `change_values` would write, and writes nothing. Raises as it does."""
    path, name = locate(name_or_path)
    wanted = _wanted(changes, path)
    old = read_bytes(path)
    before, _lines = parse_toml(old, str(path))
    _refuse_missing(before, wanted, path)
    new = _edited(old, wanted, path)
    _checked(old, new, path, name, set(changes))
    return Preview(path, name, old, new)


def write_preview(preview: Preview, *, disk: Disk = DISK) -> bool:
    """Writes what was previewed. False where the file has been changed meanwhile: it is untouched
    then."""
    with locked(preview.path):
        if read_bytes(preview.path) != preview.old:
            return False
        write_whole(preview.path, preview.new, disk=disk)
    return True


def rename_profile(old: str, new: str) -> Path:
    """Gives a profile another name and returns its file. Raises UsageError where there is no such
    profile or the new name is taken."""
    source, _name = locate(paths.checked_name(old))
    target = paths.profile_path(new)
    with locked(target):
        if not (target.exists() and source.exists() and target.samefile(source)):
            _refuse_existing(target, new)
        DISK.replace(source, target)
        DISK.sync_folder(target.parent)
    return target


def copy_profile(source: str, target: str, *, disk: Disk = DISK) -> Path:
    """Writes a profile once more under another name, comments and all, and returns the new file.

    Raises UsageError where there is no such profile or the new name is taken.
    """
    path, _name = locate(paths.checked_name(source))
    copy = paths.profile_path(target)
    with locked(copy):
        _refuse_existing(copy, target)
        write_whole(copy, read_bytes(path), disk=disk)
    return copy


def delete_profile(name: str) -> Path:
    """Deletes a profile's file (of a symbolic link: the link) and returns its path. Raises
    UsageError where there is no such profile."""
    path = paths.profile_path(name)
    if not path.is_symlink():  # also one that points nowhere can be deleted
        locate(name)
    with locked(path):
        path.unlink()
        DISK.sync_folder(path.parent)
    return path


def _refuse_existing(path: Path, name: str) -> None:
    if path.exists() or path.is_symlink():
        raise UsageError(
            f"there is a profile {name} already",
            [f"choose another name, or delete it: smtpcheck profile delete {name}"],
        )


def _wanted(changes: Mapping[str, str | None], path: Path) -> dict[tuple[str, ...], Any]:
    """The changes as plain values by path, each checked on its own. Raises ProfileError."""
    layer = layer_of_overrides({key: text for key, text in changes.items() if text is not None})
    if layer.problems:
        raise ProfileError(layer.problems)
    wanted: dict[tuple[str, ...], Any] = {}
    for key, text in changes.items():
        value = REMOVED if text is None else layer.raw[key]
        if text is not None:
            value = _path_from_here(key, value, Path(os.path.realpath(path)).parent)
        wanted[tuple(key.split("."))] = value
    return wanted


def _refuse_missing(
    data: Mapping[str, Any], wanted: Mapping[tuple[str, ...], Any], path: Path
) -> None:
    for words, value in wanted.items():
        if value is REMOVED and _find(data, words) is None:
            near = nearest(".".join(words), _names(data, ()))
            hints = [f"did you mean {near}?"] if near else []
            raise UsageError(f"{'.'.join(words)} is not set in {path}", hints)


def _edited(old: bytes, wanted: Mapping[tuple[str, ...], Any], path: Path) -> bytes:
    mark = BOM if old.startswith(BOM) else b""
    try:
        return mark + edited(decode(old, str(path)), wanted).encode("utf-8")
    except CannotEditError as error:
        raise UsageError(
            f"{path} cannot be changed without disturbing the rest of it: {error}",
            ["change it in an editor"],
        ) from None


def _checked(
    old: bytes, new: bytes, path: Path, name: str | None, keys: set[str]
) -> tuple[Problem, ...]:
    """The problems that may stay. Raises ProfileError with all of them when one may not."""
    after = _problems(new, path, name)
    if not after:
        return ()
    before = {(each.key, each.message) for each in _problems(old, path, name)}
    if any(each.key in keys or (each.key, each.message) not in before for each in after):
        raise ProfileError(after)
    return after


def _problems(content: bytes, path: Path, name: str | None) -> tuple[Problem, ...]:
    try:
        profile_from_text(content, path=path, name=name, environment={})
    except ProfileError as error:
        return error.problems
    return ()


def _with_paths_from_here(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The tables with every relative path rewritten from the current folder to `folder`."""
    made: dict[str, Any] = {}
    for word, value in tables.items():
        if isinstance(value, Mapping):
            made[word] = dict(value)
        elif value is not None:
            made[word] = value
    for key in KEYS.values():
        table = made
        for word in key.path[:-1]:
            inner = table.get(word)
            if not isinstance(inner, Mapping):
                break
            table[word] = dict(inner)
            table = table[word]
        else:
            if key.field in table:
                table[key.field] = _path_from_here(key.name, table[key.field], folder)
    return made


def _path_from_here(key: str, value: Any, folder: Path) -> Any:
    """A relative path as it reads from `folder`: relative below it, else absolute."""
    kind = KEYS[key].rule.kind
    if kind is Kind.SECRET and isinstance(value, Mapping) and isinstance(value.get("file"), str):
        if Path(value["file"]).name == value["file"] and not Path(value["file"]).exists():
            return value  # the name of a secret that the service manager puts in place
        return {**value, "file": _from_here(value["file"], folder)}
    if kind is Kind.PATH and isinstance(value, str):
        return _from_here(value, folder)
    return value


def _from_here(text: str, folder: Path) -> str:
    if not text or text.startswith("~") or Path(text).is_absolute():
        return text
    path = Path(os.path.normpath(Path.cwd() / text))
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _find(data: Any, words: tuple[str, ...]) -> Any:
    for word in words:
        if not isinstance(data, Mapping) or word not in data:
            return None
        data = data[word]
    return data


def _names(data: Mapping[str, Any], parents: tuple[str, ...]) -> list[str]:
    """The names of all keys and tables that stand in a file."""
    found = []
    for word, value in data.items():
        found.append(".".join((*parents, word)))
        if isinstance(value, Mapping):
            found += _names(value, (*parents, word))
    return found


def _shown(data: Mapping[str, Any], key: str) -> Json:
    """The value of a key or table for showing; nothing that may be a secret."""
    shown: Json = _without_secrets(key, _find(data, tuple(key.split("."))))
    return shown


def _without_secrets(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in KEYS and KEYS[name].rule.kind is not Kind.SECRET:
        return value if isinstance(value, bool | int | float | str | list) else str(value)
    if name not in KEYS and isinstance(value, Mapping):
        return {word: _without_secrets(f"{name}.{word}", each) for word, each in value.items()}
    return hidden_parts(value)
