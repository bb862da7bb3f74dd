"""Values that name a variable or a file in the way of one program: `${NAME:-default}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from smtpcheck.store.foreign.entry import Lookup


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
