"""Families of variables: which program reads settings under such names from its environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from smtpcheck.model.errors import UsageError
from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.taking import Taking


@dataclass(frozen=True, slots=True)
class Family:
    """The variables of one program."""

    name: str
    """As `--account` takes it."""
    signs: str
    """A pattern of names of which one at least must be there."""
    about: str
    """A pattern of all names that belong to the family."""
    read: Callable[[Taking], None]
    """Takes the settings; what it leaves is told by the caller."""
    silent: Sequence[str] = ()
    """Patterns of names that say nothing of the way to the server."""
    beside: str = ""
    """A pattern of names of which one must be there too, where the signs alone do not tell."""


def families() -> tuple[Family, ...]:
    """All families, those with telling names first."""
    from smtpcheck.store.foreign import env_apps, env_php, env_plain, env_python, env_servers

    return (
        *env_apps.FAMILIES,
        *env_servers.FAMILIES,
        *env_php.FAMILIES,
        *env_python.FAMILIES,
        *env_plain.FAMILIES,
    )


def read_families(entries: Iterable[Entry], source: Source) -> list[Imported]:
    """What each family that is there says; the name of the family is the account where there are
    several. Empty where there is none."""
    left = {entry.name: entry for entry in with_files(entries, source)}
    found: list[Imported] = []
    for family in families():
        if not _is_there(family, left):
            continue
        taking = Taking(left.values(), source, family.name)
        family.read(taking)
        taking.rest(family.about, silent=family.silent)
        found.append(taking.imported())
        used = taking.used
        left = {
            name: entry
            for name, entry in left.items()
            if name not in used and not re.search(family.about, name)
        }
    return found


def with_files(entries: Iterable[Entry], source: Source) -> list[Entry]:
    """The entries; `SMTP_PASSWORD_FILE=PATH` is `SMTP_PASSWORD` in that file, as containers have
    it."""
    given = list(entries)
    names = {entry.name for entry in given}
    found = []
    for entry in given:
        told = re.fullmatch(r"(.*(?:PASSWORD|PASSWD|PASS|TOKEN|SECRET))_{1,2}FILE", entry.name)
        if told and told[1] not in names and isinstance(entry.value, str) and entry.value:
            place = {"file": str(source.folder / entry.value)}
            found.append(Entry(told[1], Lookup(place), entry.line))
        else:
            found.append(entry)
    return found


def _is_there(family: Family, names: Iterable[str]) -> bool:
    """Whether a telling name of the family is there, and one of those that must be beside it."""
    found = list(names)
    return any(re.fullmatch(family.signs, name) for name in found) and (
        not family.beside or any(re.fullmatch(family.beside, name) for name in found)
    )


def family_named(name: str) -> Family:
    """The family of that name."""
    return next(each for each in families() if each.name == name)


def read_family(name: str, entries: Iterable[Entry], source: Source, what: str) -> list[Imported]:
    """What one family says. Raises UsageError where none of its names is there; `what` is the
    format in words."""
    family = family_named(name)
    taking = Taking(entries, source)
    if not any(re.fullmatch(family.signs, each) for each in taking.entries):
        raise UsageError(
            f"{source.file} holds no settings of {what}",
            ["leave --format out: the other formats are tried then"],
        )
    family.read(taking)
    taking.rest(family.about, silent=family.silent)
    return [taking.imported()]


def has_family(name: str, entries: Iterable[Entry]) -> bool:
    """Whether a telling name of the family is there."""
    family = family_named(name)
    return any(re.fullmatch(family.signs, each.name) for each in entries)
