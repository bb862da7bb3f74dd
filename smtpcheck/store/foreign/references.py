"""Values that name a variable or a file in the way of one program: `${NAME:-default}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup
from smtpcheck.store.foreign.taking import Taking


def of_env(name: str) -> Mapping[str, Any]:
    """The place of a value that an environment variable holds."""
    return {"env": name} if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else {}


def looked_up(
    text: str,
    pattern: str,
    place: Callable[[str], Mapping[str, Any]] = of_env,
    words: str = "another setting, which is not known",
) -> str | Lookup:
    """The text, or what it refers to. `pattern` has the groups `name` and, where there is one,
    `default`. A URL stays: its parts are looked at by themselves."""
    whole = re.fullmatch(pattern, text)
    if whole:
        found = place(whole["name"])
        default = whole.groupdict().get("default")
        return Lookup(found, default, "" if found else words)
    part = re.search(pattern, text)
    if part is None or "://" in text:
        return text
    named = place(part["name"])
    return Lookup({}, words=f"{Lookup(named, words=words).describe()}, in part")


def settle(
    taking: Taking, mode: str, entry: Entry | None, program: str, switches: Iterable[Entry | None]
) -> None:
    """Sets `server.security` by what the switches say. Where the environment says one of them,
    the port tells: nothing weaker is made of what is not known."""
    if any(is_open(each) for each in switches):
        taking.note(
            "what says whether TLS is used comes from elsewhere: the profile goes by the port"
            " (465 TLS, 25 none, any other STARTTLS)"
        )
        return
    takes.security(taking, mode, entry, program)


def is_open(entry: Entry | None) -> bool:
    """Whether nobody but the environment knows the value."""
    return entry is not None and isinstance(entry.value, Lookup) and entry.value.default is None
