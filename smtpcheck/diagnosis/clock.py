"""This machine's clock against the date that a server puts into its greeting."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from smtpcheck.model.jsonvalue import Json

DATE: Final = (
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?: ?[+-]\d{4})?"
)
_SLIGHT: Final = 3600.0
"""Seconds that two clocks may differ without a certificate being affected."""


def greeting_date(text: str) -> datetime | None:
    """The date that Exim, Exchange, Sendmail and others greet with, in UTC; None without one."""
    from email.utils import parsedate_to_datetime

    found = re.search(DATE, text)
    if found is None:
        return None
    try:
        date = parsedate_to_datetime(found[0])
    except ValueError:
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def compared_clocks(greeting: str, here: datetime) -> dict[str, Json]:
    """The facts of the experiment `clock`; `here` is in UTC."""
    there = greeting_date(greeting)
    if there is None:
        return {"local": _shown(here), "greeting": "", "wrong": False}
    offset = round((here - there).total_seconds())
    return {
        "local": _shown(here),
        "greeting": _shown(there),
        "offset_s": offset,
        "wrong": abs(offset) > _SLIGHT,
    }


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
