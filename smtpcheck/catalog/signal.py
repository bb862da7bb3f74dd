"""Reads the dialects in which systems and libraries tell of failures below SMTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

FILES: Final = tuple(
    Path(__file__).with_name(name) for name in ("signals_way.toml", "signals.toml")
)
"""In the order in which their signals are tried: what names a proxy or a socket goes first."""


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
    """The signals in the order in which they are tried on a line."""
    import tomllib

    tables = [
        table
        for file in FILES
        for table in tomllib.loads(file.read_text(encoding="utf-8"))["signal"]
    ]
    return tuple(
        Signal(
            words=re.compile("|".join(table["words"]), re.IGNORECASE),
            facts=table["facts"],
            weak=table.get("weak", False),
            elsewhere=table.get("elsewhere", False),
        )
        for table in tables
    )
