"""How long a server asks to wait, in the words of its reply.

SMTP has no field for it, so filters say it as they like: `Greylisted for 300 seconds` (postgrey),
`please come back in 00:05:00` (milter-greylist), `try again in 5 minutes`, `retry after 60s`.
"""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 2_000
"""Characters that are looked at; no honest reply says it later."""
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
"""By the first letter of the unit."""
_WORDS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "fifteen": 15,
    "twenty": 20, "thirty": 30, "sixty": 60, "half an": 0.5, "a couple of": 2, "a few": 5,
    "few": 5, "several": 5, "some": 5,
}  # fmt: skip
_NUMBER: Final = rf"(?:\d{{1,7}}(?:\.\d{{1,3}})?|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_PART: Final = re.compile(
    rf"({_NUMBER})[ -]?(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|[smhd])(?![a-z])(?:\(s\))?"
)
_JOINT: Final = re.compile(r",? ?(?:and )?")
_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)(?!\d)")
_LEAD: Final = re.compile(
    r"\b(?:again|re-?try(?:ing)?|try|come back|return|wait|re-?send|re-?submit|reconnect"
    r"|gr[ea]y-?list(?:ed|ing)?|delayed|deferred|blocked|suspended|reset|expires?)\b"
    r"(?:\W{1,3}(?:in|after|for|at|least|about|approximately|around|another|the|next|within"
    r"|please|later|minimum|of|period|time|timeout|delay|is|more|than)\b){0,6}"
    r"\W{1,3}(?=\d|[a-z])"
)
"""What is to be done, and at most six small words: nothing else may stand before the time, so that
`try again later: more than 20 messages in 60 minutes` names none."""


def asked_wait(text: str) -> float | None:
    """Seconds that the words of a reply ask to wait before the next try, or None where they name no
    time. A server may name any number: the caller decides how much of it is sane."""
    said = text[:_LONGEST].lower()
    for lead in _LEAD.finditer(said):
        clock = _CLOCK.match(said, lead.end())
        if clock and lead[0].split()[-1] in ("in", "for"):  # after 12:05:00 is a time of day
            hours, minutes, seconds = map(int, clock.groups())
            return hours * 3600.0 + minutes * 60 + seconds
        spent = _duration(said, lead.end())
        if spent is not None:
            return spent
    return None


def _duration(said: str, at: int) -> float | None:
    """`5 minutes`, `1 hour and 30 minutes`, `5m30s` at this place."""
    total: float | None = None
    while part := _PART.match(said, at):
        number, unit = part.groups()
        amount = float(_WORDS[number]) if number in _WORDS else float(number)
        total = (total or 0.0) + amount * _SECONDS[unit[0]]
        joint = _JOINT.match(said, part.end())
        at = joint.end() if joint else part.end()
    return total
