"""Reads profiles: flags, environment, file, preset and defaults become one checked Profile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from smtpcheck.model.errors import Problem, ProfileError, UsageError
from smtpcheck.model.secret import SecretRef, SecretSource
from smtpcheck.store import paths
from smtpcheck.store.build import build_profile
from smtpcheck.store.contradictions import Contradiction, contradictions
from smtpcheck.store.keys import KEYS, PASSWORD_VARIABLE
from smtpcheck.store.layers import (
    Giver,
    Layer,
    key_problem,
    layer_of_environment,
    layer_of_overrides,
    layer_of_tables,
)
from smtpcheck.store.lazy import LazyMapping
from smtpcheck.store.origin import LoadedProfile, Origin, ProfileEntry, Source
from smtpcheck.store.toml_file import parse_toml, read_bytes
from smtpcheck.store.wrong_value import shown

if TYPE_CHECKING:
    from smtpcheck.model.preset import Preset

_NOTHING: Mapping[str, str] = MappingProxyType({})
_parsed = lru_cache(maxsize=1)(parse_toml)
"""A list of a thousand servers may name one profile a thousand times. Its tables are read only."""


def read_profile(
    name_or_path: str | Path,
    *,
    overrides: Mapping[str, str] = _NOTHING,
    environment: Mapping[str, str] | None = None,
) -> LoadedProfile:
    """The profile of that name, or of that file (a Path, or text with a slash or `.toml`).

    `overrides` are flags by full key (`server.port` to `587`); `environment` is that of the
    process unless given. Raises ProfileError with every problem at once, UsageError where there
    is no such profile.
    """
    path, name = locate(name_or_path)
    text = read_bytes(path)
    return profile_from_text(
        text, path=path, name=name, overrides=overrides, environment=environment
    )


def profile_from_text(
    content: bytes,
    *,
    path: Path,
    name: str | None = None,
    overrides: Mapping[str, str] = _NOTHING,
    environment: Mapping[str, str] | None = None,
) -> LoadedProfile:
    """The profile that a file at `path` with this content would be. Raises ProfileError."""
    data, lines = _parsed(content, str(path))
    layer = Layer(Source.FILE, str(path), path.absolute().parent, lines, name=str(path))
    layer_of_tables(data, layer)
    return _joined(layer, data, name, path, overrides, environment)


def profile_from_settings(
    tables: Mapping[str, Any],
    *,
    name: str | None = None,
    overrides: Mapping[str, str] = _NOTHING,
    environment: Mapping[str, str] | None = None,
) -> LoadedProfile:
    """The profile of nested tables that are in no file: a target of the command line, answers.

    Relative paths lie in the current folder. Raises ProfileError.
    """
    label = f"profile {name}" if name else "command line"
    layer = layer_of_tables(tables, Layer(Source.GIVEN, label, Path.cwd()))
    return _joined(layer, tables, name, None, overrides, environment)


def list_profiles(
    *,
    overrides: Mapping[str, str] = _NOTHING,
    environment: Mapping[str, str] | None = None,
) -> list[ProfileEntry]:
    """Every profile of the user's folder by name, the broken ones with their problems."""
    return list(each_profile(overrides=overrides, environment=environment))


def each_profile(
    *,
    overrides: Mapping[str, str] = _NOTHING,
    environment: Mapping[str, str] | None = None,
) -> Iterator[ProfileEntry]:
    """The same, one after the other: thousands need not be held at once."""
    folder = paths.profiles_dir()
    for path in sorted(folder.glob(f"*{paths.SUFFIX}")):
        if path.name.startswith("."):
            continue
        result: LoadedProfile | ProfileError
        try:
            paths.checked_name(path.stem)
            result = read_profile(path.stem, overrides=overrides, environment=environment)
        except ProfileError as error:
            result = error
        except UsageError as error:
            hint = error.help[0] if error.help else ""
            result = ProfileError([Problem(str(path), 0, "", "", "", error.message, hint)])
        yield ProfileEntry(path.stem, path, result)


def profile_names() -> list[str]:
    """The names of the user's profiles, unread."""
    found = paths.profiles_dir().glob(f"*{paths.SUFFIX}")
    return sorted(path.stem for path in found if not path.name.startswith("."))


def locate(name_or_path: str | Path) -> tuple[Path, str | None]:
    """The file of a profile and its name; None for a path outside the user's folder.

    Raises UsageError where there is no such file.
    """
    text = str(name_or_path)
    by_path = isinstance(name_or_path, Path) or any(c in text for c in "/\\")
    if by_path or text.endswith(paths.SUFFIX):
        path = paths.expanded(name_or_path)
        if not os.path.lexists(path):
            raise UsageError(f"there is no file {shown(text)[1:-1]}")
        own = path.absolute().parent == paths.profiles_dir()
        return path, path.stem if own else None
    path = paths.profile_path(text)
    if not os.path.lexists(path):
        raise UsageError(f"there is no profile {text}", _other_names(text))
    return path, text


def _other_names(name: str) -> list[str]:
    from smtpcheck.store.keys import nearest

    names = profile_names()
    if near := nearest(name, names):
        return [f"did you mean {near}?"]
    if names:
        return [f"there are: {', '.join(names)}"]
    return ["make one: smtpcheck profile init"]


def _joined(
    layer: Layer,
    data: Mapping[str, Any],
    name: str | None,
    path: Path | None,
    overrides: Mapping[str, str],
    environment: Mapping[str, str] | None,
) -> LoadedProfile:
    """All layers as one profile; every problem of all of them in one ProfileError."""
    variables = os.environ if environment is None else environment
    notes: list[str] = []
    layers = [
        layer_of_overrides(overrides),
        layer_of_environment(variables, notes.append),
        layer,
    ]
    preset = _with_preset(layers)
    _drop_weaker_server(layers)
    _drop_replaced(layers)
    _with_password(layers, variables, notes)
    merged = {key: value for each in reversed(layers) for key, value in each.values.items()}
    profile = build_profile(merged)
    problems = [problem for each in layers for problem in each.problems]
    suspects = {key for each in layers for key in each.suspects}
    problems += [
        _problem_of(found, layers, layer, preset)
        for found in contradictions(profile)
        if not suspects.intersection(found.keys)
    ]
    if problems:
        raise ProfileError(_in_order(problems))
    origins = LazyMapping(_origins, [each.as_giver() for each in layers])
    return LoadedProfile(profile, name, path, origins, dict(data), preset, notes=tuple(notes))


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    """By source, and within a file from top to bottom; what has no line comes last."""
    files = list(dict.fromkeys(each.file for each in problems))
    return sorted(problems, key=lambda each: (files.index(each.file), not each.line, each.line))


def _with_preset(layers: list[Layer]) -> Preset | None:
    """Adds the layer of the preset that the strongest layer names."""
    giver = next((each for each in layers if each.values.get("preset")), None)
    if giver is None:
        return None
    from smtpcheck.store.presets import load_preset, settings_below

    try:
        preset = load_preset(giver.values["preset"])
    except ProfileError as error:
        giver.problems.extend(error.problems)
        return None
    except UsageError as error:
        hint = next((line for line in error.help if line.startswith("did you mean")), "")
        message = f"preset names no shipped preset: {shown(giver.values['preset'])[1:-1]}"
        problem = key_problem(giver, "preset", message, hint)
        allowed = "a name of those that smtpcheck profile presets lists"
        giver.problems.append(replace(problem, allowed=allowed))
        # Nobody knows what the preset would have set.
        giver.suspects.update(KEYS)
        return None
    stronger = {key: value for each in reversed(layers) for key, value in each.values.items()}
    file = str(paths.presets_dir() / f"{preset.name}{paths.SUFFIX}")
    below = Layer(Source.PRESET, file, paths.presets_dir(), name=preset.name)
    layers.append(layer_of_tables(settings_below(preset, stronger), below))
    return preset


def _drop_weaker_server(layers: Sequence[Layer]) -> None:
    """A host replaces the socket of a weaker layer, and a socket the host."""
    strongest: set[str] = set()
    for each in layers:
        here = {key for key in ("server.host", "server.socket") if each.values.get(key)}
        if strongest and here - strongest:
            for key in here - strongest:
                del each.values[key]
        strongest = strongest or here


def _drop_replaced(layers: Sequence[Layer]) -> None:
    """A table that a stronger layer gives as a whole is that of no weaker one. Its password may
    come from the environment all the same: a command line never holds one."""
    flags, variables, *_ = layers
    for table in flags.replaces:
        password = f"{table}.password"
        source = variables.values.get(password)
        for each in layers[1:]:
            for key in [key for key in each.values if key.startswith(f"{table}.")]:
                del each.values[key]
        asked = flags.values.get(password)
        prompted = isinstance(asked, SecretRef) and asked.source is SecretSource.PROMPT
        if source is not None and prompted:
            flags.values[password] = source


def _with_password(
    layers: Sequence[Layer], environment: Mapping[str, str], notes: list[str]
) -> None:
    """Applies `SMTPCHECK_PASSWORD`, unless a stronger setting exists or there is no login."""
    flags, variables, *_ = layers
    if not environment.get(PASSWORD_VARIABLE):
        return
    if "auth.password" in flags.values or "auth.password" in variables.values:
        return
    merged = {key: value for each in reversed(layers) for key, value in each.values.items()}
    profile = build_profile(merged)
    if profile.auth.method in ("none", "external") or not profile.auth.username:
        reasons = {"external": "the certificate is the login", "none": "auth.method is none"}
        why = reasons.get(profile.auth.method, "the profile names no user")
        notes.append(f"{PASSWORD_VARIABLE} is set and not used: {why}")
        return
    variables.values["auth.password"] = SecretRef(SecretSource.ENV, name=PASSWORD_VARIABLE)


def _problem_of(
    found: Contradiction, layers: Sequence[Layer], own: Layer, preset: Preset | None
) -> Problem:
    key = found.keys[0]
    giver = next((each for each in layers if key in each.values), own)
    file, line = giver.place(key)
    value = giver.raw.get(key, "")
    suggestion = found.suggestion
    if key == "server.host" and not value and preset and preset.host_template:
        example = preset.host_template.replace("{region}", preset.regions[0])
        suggestion = f"preset {preset.name} needs the host of a region, for example {example}"
    secret = isinstance(giver.values.get(key), SecretRef)
    return Problem(
        file=file,
        line=line,
        key=key,
        found="" if secret or not value else shown(value),
        allowed=found.allowed,
        message=found.message,
        suggestion=suggestion,
    )


def _origins(givers: Sequence[Giver]) -> dict[str, Origin]:
    origins = {}
    for key in KEYS:
        giver = next((each for each in givers if key in each.keys), None)
        origins[key] = giver.origin(key) if giver else Origin(Source.DEFAULT)
        if key == "auth.password" and giver and key not in giver.written:
            origins[key] = Origin(Source.ENVIRONMENT, PASSWORD_VARIABLE)
    return origins
