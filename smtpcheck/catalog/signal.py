"""Reads the dialects in which systems and libraries tell of failures below SMTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

SHIPPED: Final = Path(__file__).with_name("signals.toml")


@dataclass(frozen=True, slots=True)
class Signal:
    """One failure, in all the dialects it is told in."""

    words: re.Pattern[str]
    facts: Mapping[str, Json]
    """What the probe would record."""
    weak: bool
    """Names what happened but not where: other failures of the text go first."""
    elsewhere: bool
    """May come from any program: counts only where the text speaks of mail."""


@lru_cache(maxsize=1)
def load_signals() -> tuple[Signal, ...]:
    """The signals in the order in which they are tried on a line. A file beside the first one adds
    words to the signals whose facts it repeats; what it knows alone is tried before all others."""
    tables = _tables(SHIPPED)
    for path in sorted(SHIPPED.parent.glob(f"{SHIPPED.stem}_*.toml")):
        for table in _tables(path):
            known = next((each for each in tables if _same(each, table)), None)
            if known is None:
                tables.insert(0, table)
            else:
                known["words"] += table["words"]
    return tuple(
        Signal(
            words=re.compile("|".join(table["words"]), re.IGNORECASE),
            facts=table["facts"],
            weak=table.get("weak", False),
            elsewhere=table.get("elsewhere", False),
        )
        for table in tables
    )


def _tables(path: Path) -> list[dict[str, Any]]:
    import tomllib

    tables: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["signal"]
    return tables


def _same(table: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(table.get(key) == other.get(key) for key in ("facts", "weak", "elsewhere"))
