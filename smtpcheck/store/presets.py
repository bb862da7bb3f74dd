"""The shipped presets: reads the files of the folder `profiles/` and finds the one for a host."""

from __future__ import annotations

import json
import re
import tomllib
from _thread import allocate_lock  # threading is not needed by a run of one target
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from smtpcheck.model.errors import Problem, ProfileError, UsageError
from smtpcheck.model.preset import Preset, is_one_of
from smtpcheck.model.profile import SECURITY
from smtpcheck.model.target import PROFILE_NAME
from smtpcheck.store import paths
from smtpcheck.store.keys import Key, keys_of, nearest
from smtpcheck.store.layers import Layer, layer_of_tables
from smtpcheck.store.origin import Source
from smtpcheck.store.password_rules import password_rules
from smtpcheck.store.positions import KeyPath
from smtpcheck.store.toml_file import decode, parse_toml, read_bytes
from smtpcheck.store.value_check import checked
from smtpcheck.store.wrong_value import WrongValueError

COMMON = (
    *("office365", "gmail", "outlook", "icloud", "yahoo", "exchange", "relay"),
    *("ses", "sendgrid", "mailgun", "postmark", "brevo"),
)
"""How the list of presets begins; the rest follows by name."""
_OUTLINE = re.compile(
    r"^(title|provider|category|aliases|hosts|domains|mx|host_template|regions|host)"
    r' = (?:\[([^\]]*?),?\s*\]|("[^"\\]*"))$',
    re.MULTILINE,
)
_TABLES = ("alternatives", "password_rules")
_reading = allocate_lock()
_USUAL_SECURITY = {465: "tls", 587: "starttls"}


def preset_names() -> tuple[str, ...]:
    """The names of all presets, unread, in the order in which they are shown."""
    found = {path.stem for path in paths.presets_dir().glob(f"*{paths.SUFFIX}")}
    first = [name for name in COMMON if name in found]
    return (*first, *sorted(found.difference(first)))


@cache
def load_preset(name: str) -> Preset:
    """The preset of that name. Raises UsageError with a suggestion where there is none."""
    path = paths.presets_dir() / f"{name}{paths.SUFFIX}"
    if not PROFILE_NAME.match(name) or not path.is_file():
        raise UsageError(f"there is no preset {name!r}", _about_name(name))
    return read_preset(name, read_bytes(path), str(path))


def preset_for_host(host: str) -> Preset | None:
    """The preset whose provider has this host, or None."""
    return _named(host, attrgetter("hosts"))


def preset_for_domain(domain: str) -> Preset | None:
    """The preset whose provider gives out mail addresses in this domain, or None."""
    return _named(domain, attrgetter("domains"))


def preset_for_mx(host: str) -> Preset | None:
    """The preset whose provider keeps the mailboxes of domains with this MX host, or None."""
    return _named(host, attrgetter("mx"))


def _named(name: str, patterns: Callable[[Preset], tuple[str, ...]]) -> Preset | None:
    wanted = name.lower().removesuffix(".")
    for preset in outlines():
        if is_one_of(wanted, patterns(preset)):
            return load_preset(preset.name)
    return None


def outlines() -> tuple[Preset, ...]:
    """All presets, each as far as it takes to recognise it: name, title, provider, category,
    aliases, hosts, domains, MX hosts, regions, and the host of its settings; the rest is empty.

    Whole files take many times as long, and every probe of a name asks for this.
    """
    with _reading:  # threads that ask side by side read them once
        return _outlines()


@cache
def _outlines() -> tuple[Preset, ...]:
    folder = paths.presets_dir()
    return tuple(_outline(name, folder / f"{name}{paths.SUFFIX}") for name in preset_names())


def _outline(name: str, path: Path) -> Preset:
    values: dict[str, Any] = {}
    # These values are written as JSON writes them, but for a last comma; a test holds every file
    # to it. TOML's own parser takes many times as long.
    for key, array, text in _OUTLINE.findall(decode(read_bytes(path), str(path))):
        values[key] = json.loads(text) if text else tuple(json.loads(f"[{array}]"))
    host = values.pop("host", "")
    return Preset(name=name, settings={"server": {"host": host}} if host else {}, **values)


def preset_settings(preset: Preset, *, region: str = "") -> dict[str, Any]:
    """The preset's part of a profile as nested tables, its host made for the region.

    Raises UsageError where a region is missing, unknown or not wanted.
    """
    tables = _copied(preset)
    if not preset.host_template:
        if region:
            raise UsageError(f"preset {preset.name} has no regions", ["leave the region away"])
        return tables
    if region not in preset.regions:
        raise UsageError(*_about_region(preset, region))
    host = preset.host_template.replace("{region}", region)
    tables["server"] = {"host": host, **tables.get("server", {})}
    return tables


def _copied(preset: Preset) -> dict[str, Any]:
    return {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in preset.settings.items()
    }


def settings_below(preset: Preset, stronger: Mapping[str, Any]) -> dict[str, Any]:
    """The preset's tables as they serve a profile that sets `stronger`, by full key.

    Port and security of a preset belong together: when the profile changes one of them, the other
    follows the preset's alternatives. A preset without login yields to a profile with a user.
    """
    tables = _copied(preset)
    server, auth = tables.get("server", {}), tables.get("auth", {})
    port, security = stronger.get("server.port"), stronger.get("server.security")
    ways: list[Mapping[str, Any]] = [server, *preset.alternatives]
    if port and not security and port != server.get("port"):
        way = next((way for way in ways if way.get("port") == port), None)
        security = way.get("security") if way else _USUAL_SECURITY.get(port)
        server["security"] = security or server.get("security", "")
    elif security and not port and security != server.get("security"):
        way = next((way for way in ways if way.get("security") == security), None)
        if way:
            server["port"] = way["port"]
        else:
            server.pop("port", None)
    if stronger.get("auth.method") == "none":
        auth.pop("username", None)
    login = stronger.get("auth.username") or stronger.get("auth.password")
    if login and auth.get("method") == "none":
        del auth["method"]
    return tables


def read_preset(name: str, content: bytes, file: str) -> Preset:
    """The preset that a file with this content is. Raises ProfileError with all problems."""
    try:
        return _preset(name, tomllib.loads(decode(content, file)), {}, file)
    except (ProfileError, ValueError):
        # What is wrong gets told with its line. Counting lines takes as long as all the rest.
        return _preset(name, *parse_toml(content, file), file)


def _preset(name: str, data: dict[str, Any], lines: Mapping[KeyPath, int], file: str) -> Preset:
    table = data.pop("preset", None)
    layer = Layer(Source.PRESET, file, paths.presets_dir(), lines, name=name)
    layer_of_tables(data, layer)
    problems = layer.problems
    if not isinstance(table, dict):
        problems.append(Problem(file, 0, "preset", "", "a table", "the table preset is missing"))
        raise ProfileError(problems)
    facts = _facts(table, layer)
    for required in ("title", "provider", "as_of", "sources"):
        if not facts.get(required):
            message = f"preset.{required} is missing"
            problems.append(Problem(file, layer.lines.get(("preset",), 0), "", "", "", message))
    if problems:
        raise ProfileError(problems)
    return Preset(name=name, settings=data, **facts)


@cache
def _keys() -> dict[str, Key]:
    return {key.field: key for key in keys_of(Preset, "preset")}


def _facts(table: Mapping[str, Any], layer: Layer) -> dict[str, Any]:
    """The checked keys of `[preset]`; problems go to the layer."""
    keys = _keys()
    facts: dict[str, Any] = {}
    for word, value in table.items():
        line = layer.lines.get(("preset", word), 0)
        if word == "alternatives":
            facts[word] = _alternatives(value, layer)
        elif word == "password_rules":
            facts[word] = password_rules(value, layer)
        elif word not in keys:
            near = nearest(word, (*keys, *_TABLES))
            hint = f"did you mean preset.{near}?" if near else ""
            allowed = f"one of {', '.join((*keys, *_TABLES))}"
            message = f"unknown key preset.{word}"
            layer.problems.append(
                Problem(layer.file, line, f"preset.{word}", word, allowed, message, hint)
            )
        else:
            try:
                facts[word] = checked(keys[word], value, layer.folder)
            except WrongValueError as error:
                layer.problems.append(layer.problem_of(keys[word], value, error))
    return facts


def _alternatives(value: Any, layer: Layer) -> tuple[dict[str, Any], ...]:
    tables = value if isinstance(value, list) else [value]
    for index, each in enumerate(tables):
        if (
            not isinstance(each, dict)
            or set(each) - {"port", "security", "note"}
            or not isinstance(each.get("port"), int)
            or each.get("security") not in SECURITY
            or not isinstance(each.get("note", ""), str)
        ):
            line = layer.lines.get(("preset", "alternatives", index), 0)
            allowed = '{ port = 465, security = "tls", note = "..." }'
            message = f"preset.alternatives has a wrong element {index + 1}"
            layer.problems.append(
                Problem(layer.file, line, "preset.alternatives", "", allowed, message)
            )
    return tuple(each for each in tables if isinstance(each, dict))


def _about_name(name: str) -> list[str]:
    """What a name that is none was meant to be: an alias, or nearly a name."""
    word = name.lower()
    by_alias = [each.name for each in outlines() if word in (each.provider, *each.aliases)]
    near = by_alias or [found for found in [nearest(name, preset_names())] if found]
    if near:
        return [f"did you mean {' or '.join(near)}?"]
    return ["all there are: smtpcheck profile presets"]


def _about_region(preset: Preset, region: str) -> tuple[str, list[str]]:
    known = f"one of {', '.join(preset.regions)}"
    if not region:
        return f"preset {preset.name} needs a region", [known]
    near = nearest(region, preset.regions)
    hints = [f"did you mean {near}?", known] if near else [known]
    return f"{region!r} is not a region of preset {preset.name}", hints
