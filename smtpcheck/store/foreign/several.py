"""Names for the ways to send mail that one text of code sets up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.entry import Entry

MOST = 50
"""Ways in one text; no program has more."""


def account_names(variables: Iterable[str], file: str) -> list[str]:
    """One name each: its variable, with a number where several share it; the number alone without
    one. A single way has no name. Raises UsageError for more than MOST."""
    given = list(variables)
    if len(given) > MOST:
        raise UsageError(
            f"{file} holds {len(given)} ways to send mail",
            ["give one of them on standard input: -"],
        )
    if len(given) == 1:
        return [""]
    seen: Counter[str] = Counter()
    names: list[str] = []
    for number, variable in enumerate(given, 1):
        seen[variable] += 1
        more = f"-{seen[variable]}" if seen[variable] > 1 else ""
        names.append(f"{variable}{more}" if variable else str(number))
    return names


def must_be_one(entries: Iterable[Entry], name: str, file: str) -> None:
    """Raises UsageError where a text sets its server more than once, each time to another one: the
    settings around them are of several ways, and nothing tells whose they are."""
    hosts = [entry for entry in entries if entry.name == name]
    if any(each.value != hosts[0].value for each in hosts):
        lines = ", ".join(str(each.line) for each in hosts[:20])
        raise UsageError(
            f"{file} sets {name} more than once, in lines {lines}",
            ["give the lines of one of them on standard input: -"],
        )
