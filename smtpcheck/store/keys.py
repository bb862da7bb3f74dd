"""The keys of a profile under their full names, and what a mistyped one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field
from typing import Any

from smtpcheck.model.profile import SECTIONS, Profile
from smtpcheck.model.settings import Rule, rules_of
from smtpcheck.model.value import dataclass

ENVIRONMENT_PREFIX = "SMTPCHECK_"
PASSWORD_VARIABLE = "SMTPCHECK_PASSWORD"

# What other tools call it, where no spelling comes near our name.
_OTHER_NAMES = {
    "user": "auth.username",
    "login": "auth.username",
    "pass": "auth.password",
    "passwd": "auth.password",
    "token": "auth.password",
    "from": "sender.address",
    "email": "sender.address",
    "recipient": "test.to",
    "recipients": "test.to",
    "hostname": "server.host",
    "server.address": "server.host",
    "server.name": "server.host",
    "server.encryption": "server.security",
    "encryption": "server.security",
    "ssl": "server.security",
    "starttls": "server.security",
    "use_tls": "server.security",
    "tls_version": "tls.min_version",
    "ca": "tls.ca_file",
    "cafile": "tls.ca_file",
    "return_path": "sender.bounce",
    "envelope_sender": "sender.bounce",
    "mechanism": "auth.method",
    "ehlo": "server.helo",
    "smtp": "server",
    "mail": "sender",
    "message": "test",
    "oauth": "auth.oauth",
    "oauth2": "auth.oauth",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the format."""

    name: str
    """`auth.oauth.tenant`"""
    section: str
    """`auth.oauth`, or empty for a top-level key."""
    field: str
    """`tenant`"""
    rule: Rule
    default: Any

    @property
    def path(self) -> tuple[str, ...]:
        """The name in parts, as tables nest."""
        return tuple(self.name.split("."))

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return ENVIRONMENT_PREFIX + self.name.replace(".", "_").upper()


def default_of(each: Field[Any]) -> Any:
    """The value of a field that nobody set."""
    if each.default is not MISSING:
        return each.default
    return each.default_factory() if each.default_factory is not MISSING else None


def keys_of(section: type, prefix: str) -> Iterable[Key]:
    """The keys of one dataclass with rules, under the name of its table."""
    for each, rule in rules_of(section):
        name = f"{prefix}.{each.name}" if prefix else each.name
        yield Key(name, prefix, each.name, rule, default_of(each))


def _all_keys() -> dict[str, Key]:
    found = {key.name: key for key in keys_of(Profile, "")}
    for name, section in SECTIONS.items():
        found.update((key.name, key) for key in keys_of(section, name))
    return found


KEYS: dict[str, Key] = _all_keys()
"""Every key of a profile, in the order in which a file is written."""

VARIABLES: dict[str, Key] = {key.variable: key for key in KEYS.values()}
"""Every key, under the environment variable that sets it."""


def flat_values(tables: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a file's tables by full key; what is no key, and `schema`, is left out."""
    found: dict[str, Any] = {}
    for key in KEYS.values():
        value: Any = tables
        for word in key.path:
            value = value.get(word) if isinstance(value, Mapping) else None
        if value is not None and key.name != "schema":
            found[key.name] = value
    return found


def nested_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by full key as a file's tables, in the order of a profile's keys."""
    tables: dict[str, Any] = {}
    for name, key in KEYS.items():
        if name in values:
            place = tables
            for word in key.path[:-1]:
                place = place.setdefault(word, {})
            place[key.field] = values[name]
    return tables


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str:
    """The choice that is spelt most alike, or the empty string."""
    from difflib import get_close_matches

    by_lower = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else ""


def meant(name: str, *, table: bool = False) -> str:
    """The key or table that an unknown name was most likely meant to be, or the empty string.

    What other tools call the whole name comes first, then a sibling that is spelt nearly so, then
    the same word in another table, then whatever is spelt most alike.
    """
    parent, _, word = name.lower().rpartition(".")
    siblings = {known.rpartition(".")[2]: known for known in _known_in(parent)}
    everywhere = [*SECTIONS] if table else [*SECTIONS, *KEYS]
    if name.lower() in _OTHER_NAMES:
        return _OTHER_NAMES[name.lower()]
    if near := nearest(word, siblings, 0.8):
        return siblings[near]
    for known in everywhere:
        if known.rpartition(".")[2] == word:
            return known
    if word in _OTHER_NAMES:
        return _OTHER_NAMES[word]
    if near := nearest(word, siblings):
        return siblings[near]
    return nearest(name, everywhere, 0.75)


def _known_in(parent: str) -> list[str]:
    """The keys and tables that may stand directly in a table."""
    return [known for known in (*SECTIONS, *KEYS) if known.rpartition(".")[0] == parent]
