"""Makes a Profile of checked values, and tables of a Profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtpcheck.model.profile import SECTIONS, Profile
from smtpcheck.model.secret import SecretRef
from smtpcheck.store.keys import KEYS, keys_of
from smtpcheck.store.secret_reference import reference_table

_OPTIONAL = frozenset({"auth.oauth", "proxy", "expect", "confirm", "dkim"})


def build_profile(values: Mapping[str, Any]) -> Profile:
    """The profile with these values by full key, defaults for the rest.

    An optional section whose keys all have their defaults is None.
    """
    made: dict[str, Any] = {}
    # Inner sections first: `auth.oauth` is a part of `auth`.
    for name in sorted(SECTIONS, key=lambda name: -name.count(".")):
        section = SECTIONS[name]
        given = {
            key.field: values[key.name] for key in keys_of(section, name) if key.name in values
        }
        inner = {
            other.rpartition(".")[2]: value
            for other, value in made.items()
            if other.rpartition(".")[0] == name
        }
        value = section(**given, **inner)
        made[name] = None if name in _OPTIONAL and value == section() else value
    top = {key.field: values[key.name] for key in keys_of(Profile, "") if key.name in values}
    sections = {name: value for name, value in made.items() if "." not in name}
    return Profile(**top, **sections)


def value_of(profile: Profile, name: str) -> Any:
    """The value of a key, its default where its section is not there."""
    found: Any = profile
    for word in KEYS[name].path:
        found = getattr(found, word)
        if found is None:
            return KEYS[name].default
    return found


def tables_of(profile: Profile) -> dict[str, Any]:
    """The tables that a file needs for this profile: what differs from the defaults.

    Reading them gives the profile again. Raises ValueError when a secret itself was handed over.
    """
    tables: dict[str, Any] = {}
    for name, key in KEYS.items():
        value = value_of(profile, name)
        if value == key.default and name != "schema":
            continue
        table = tables
        for word in key.path[:-1]:
            table = table.setdefault(word, {})
        table[key.field] = _plain(value)
    return tables


def _plain(value: Any) -> Any:
    if isinstance(value, SecretRef):
        return reference_table(value)
    return list(value) if isinstance(value, tuple) else value
