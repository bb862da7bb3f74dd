"""Names for the ways to send mail that one text of code sets up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from smtpcheck.model.errors import UsageError

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
