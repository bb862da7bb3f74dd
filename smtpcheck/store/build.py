"""Makes a Profile of checked values, and tables of a Profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtpcheck.model.profile import SECTIONS, Profile
from smtpcheck.model.secret import SecretRef
from smtpcheck.store.keys import KEYS
from smtpcheck.store.secret_reference import reference_table

# Inner sections first: `auth.oauth` is a part of `auth`.
_INNER_FIRST = sorted(SECTIONS, key=lambda name: -name.count("."))
_OPTIONAL = frozenset({"auth.oauth", "proxy", "expect", "confirm", "dkim"})


def build_profile(values: Mapping[str, Any]) -> Profile:
    """The profile with these values by full key, defaults for the rest.

    An optional section whose keys all have their defaults is None.
    """
    given: dict[str, dict[str, Any]] = {"": {}, **{name: {} for name in SECTIONS}}
    for name, value in values.items():
        given[KEYS[name].section][KEYS[name].field] = value
    for name in _INNER_FIRST:
        section = SECTIONS[name]
        made = section(**given[name])
        outer, _, field = name.rpartition(".")
        given[outer][field] = None if name in _OPTIONAL and made == section() else made
    return Profile(**given[""])


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
