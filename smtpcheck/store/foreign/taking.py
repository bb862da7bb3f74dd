"""Takes the entries of a text into the keys of a profile, and notes what it could not take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from smtpcheck.model.secret import Secret
from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.imported import Imported, Note, Place
from smtpcheck.store.foreign.placeholder import is_placeholder
from smtpcheck.store.keys import nearest

Take = Callable[["Taking", Entry, str], None]
"""Takes one entry into one key."""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a program, and the key of a profile that it is."""

    name: str
    key: str
    take: Take
    """How: a function of `takes.py`, or one of the format's own."""


class Taking:
    """The entries of one way to send mail; of several with one name the last counts."""

    def __init__(self, entries: Iterable[Entry], source: Source, account: str = "") -> None:
        self.entries = {entry.name: entry for entry in entries}
        self.source = source
        self.account = account
        self._known: list[str] = []
        self._used: set[str] = set()
        self._values: dict[str, Any] = {}
        self._places: dict[str, Place] = {}
        self._secrets: dict[str, Secret] = {}
        self._notes: list[Note] = []
        self._defaulted: dict[str, int] = {}

    def entry(self, *names: str) -> Entry | None:
        """The first of these that is there and says something. All of them count as taken."""
        self._known += names
        found = [self.entries[name] for name in names if name in self.entries]
        self._used.update(entry.name for entry in found)
        return next((each for each in found if not _says_nothing(each.value)), None)

    def fields(self, table: Iterable[Field]) -> None:
        """Takes all settings of a table; the first of several for one key wins."""
        for field in table:
            entry = self.entry(field.name)
            if entry is not None and not self.has(field.key):
                field.take(self, entry, field.key)

    def value(self, entry: Entry) -> Any:
        """The value itself; of a Lookup its default, which is told. None where there is none."""
        found = entry.value
        if not isinstance(found, Lookup):
            return found
        if found.default is None:
            self.note(
                f"{entry.name} is not carried over: it comes from {found.describe()}", entry.line
            )
        else:
            self._defaulted[entry.name] = entry.line
        return found.default

    def text(self, *names: str) -> str:
        """The first of these settings as text; empty where there is none."""
        entry = self.entry(*names)
        value = None if entry is None else self.value(entry)
        return "" if value is None else as_text(value)

    def flag(self, *names: str, default: bool) -> bool:
        """The first of these settings as yes or no; a word that is neither is noted."""
        entry = self.entry(*names)
        value = None if entry is None else self.value(entry)
        if entry is None or value is None:
            return default
        found = as_flag(value)
        if found is None:
            word = "yes" if default else "no"
            self.note(f"{entry.name} is neither yes nor no: taken as {word}", entry.line)
            return default
        return found

    @property
    def used(self) -> frozenset[str]:
        """The names that were taken."""
        return frozenset(self._used)

    def has(self, key: str) -> bool:
        """Whether the profile's key has a value, or its secret, already."""
        return key in self._values or key in self._secrets

    def got(self, key: str) -> Any:
        """The value of a profile's key so far; None without one."""
        return self._values.get(key)

    def put(self, key: str, value: Any, entry: Entry | None = None) -> None:
        """Sets a key of the profile; `entry` is where it stood."""
        self._values[key] = value
        self._places.pop(key, None)
        if entry is not None:
            self._places[key] = Place(entry.name, entry.line)

    def drop(self, *keys: str) -> None:
        """Takes keys out again."""
        for key in keys:
            self._values.pop(key, None)
            self._secrets.pop(key, None)
            self._places.pop(key, None)

    def put_secret(self, key: str, entry: Entry) -> None:
        """Takes a secret, or the place that the text names for it. A placeholder is none."""
        value = entry.value
        if isinstance(value, Lookup):
            if value.place:
                self.put(key, dict(value.place), entry)
            else:
                self.note(
                    f"{entry.name} is not carried over: it comes from {value.describe()}",
                    entry.line,
                )
            return
        text = as_text(value)
        if is_placeholder(text):
            self.note(f"{entry.name} holds a placeholder, so there is no password yet", entry.line)
            return
        self._secrets[key] = Secret(text)
        self._places[key] = Place(entry.name, entry.line)

    def note(self, text: str, line: int = 0) -> None:
        """Tells something, once."""
        if all(each.text != text for each in self._notes):
            self._notes.append(Note(text, line))

    def rest(self, about: str, known: Sequence[str] = (), silent: Sequence[str] = ()) -> None:
        """Notes every entry that nobody took and whose name matches the pattern `about`; not those
        that match one of `silent`, which say nothing of the way to the server."""
        names = [*self._known, *known]
        for entry in self.entries.values():
            name = entry.name
            if name in self._used or not re.search(about, name):
                continue
            if any(re.fullmatch(pattern, name) for pattern in silent):
                continue
            missing = [each for each in names if each not in self.entries]
            near = nearest(name, missing, 0.85)
            hint = f"; did you mean {near}?" if near else ": a profile has no such setting"
            self.note(f"{name} is not carried over{hint}", entry.line)

    def take_over(self, other: Taking) -> None:
        """Everything that another taking has got and told."""
        self._values |= other._values
        self._places |= other._places
        self._secrets |= other._secrets
        self._notes += other._notes
        self._defaulted |= other._defaulted

    def imported(self) -> Imported:
        """All that was taken."""
        if self._defaulted:
            names = ", ".join(self._defaulted)
            what = "its default is" if len(self._defaulted) == 1 else "their defaults are"
            self.note(
                f"{names} may come from elsewhere, such as the environment: {what} taken",
                min(self._defaulted.values()),
            )
        return Imported(self._values, self._places, self._secrets, tuple(self._notes), self.account)


def as_text(value: Any) -> str:
    """A value as text: `true`, `587`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else "" if value is None else str(value)


def as_flag(value: Any) -> bool | None:
    """Yes or no, in the words that programs use; None for neither."""
    if isinstance(value, bool):
        return value
    word = as_text(value).strip().lower()
    if word in ("true", "yes", "on", "1", "y", "t", "enable", "enabled"):
        return True
    if word in ("false", "no", "off", "0", "n", "f", "", "null", "none", "disable", "disabled"):
        return False
    return None


def _says_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
