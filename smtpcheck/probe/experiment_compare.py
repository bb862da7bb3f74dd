"""Experiments that send nothing: this machine's clock, and who the server says that it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from smtpcheck.diagnosis.facts import common_facts
from smtpcheck.diagnosis.interception import compared_names
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.stage import Outcome

_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?: ?[+-]\d{4})?"
)
_SLIGHT: Final = 3600.0
"""Seconds that two clocks may differ without a certificate being affected."""


def compare_clock(observations: Observations, now: datetime | None = None) -> ExperimentResult:
    """This machine's clock against the date in the server's greeting. Where the greeting tells no
    date nothing is known of the clock."""
    facts = common_facts(observations)
    here = now or datetime.now(UTC)
    told: dict[str, Json] = {"local": _shown(here), "greeting": "", "wrong": False}
    there = greeting_date(str(facts.get("tcp.greeting.reply.text", "")))
    if there is None:
        said = f"it is {_shown(here)} here; the server's greeting tells no date"
        return ExperimentResult("clock", Outcome.SKIPPED, said, 0.0, told)
    offset = round((here - there).total_seconds())
    wrong = abs(offset) > _SLIGHT
    told |= {"greeting": _shown(there), "offset_s": offset, "wrong": wrong}
    said = f"it is {_shown(here)} here and {_shown(there)} at the server"
    outcome = Outcome.WARNED if wrong else Outcome.PASSED
    return ExperimentResult("clock", outcome, said, 0.0, told)


def greeting_date(text: str) -> datetime | None:
    """The date that Exim, Exchange, Sendmail and others put into their greeting, in UTC."""
    from email.utils import parsedate_to_datetime

    found = _DATE.search(text)
    if found is None:
        return None
    try:
        date = parsedate_to_datetime(found[0])
    except ValueError:
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def compare_names(observations: Observations) -> ExperimentResult:
    """The names that the server gives itself against the one that was meant."""
    facts = compared_names(common_facts(observations))
    against = facts["contradicts"]
    words = [
        f"{what} {facts[what]}" for what in ("banner", "ehlo", "certificate") if facts.get(what)
    ]
    listed = ", ".join(words) or "nothing told"
    if against:
        said = f"wanted {facts['host']}, and what answers calls itself otherwise: {listed}"
        return ExperimentResult("interception", Outcome.WARNED, said, 0.0, facts)
    said = f"what answers fits {facts['host']}: {listed}"
    return ExperimentResult("interception", Outcome.PASSED, said, 0.0, facts)


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
