"""How far a run against many targets is: counts, a bar, targets a second, the time left."""

from __future__ import annotations

from smtpcheck.model.value import dataclass
from smtpcheck.report.rows import Piece, Role
from smtpcheck.report.style import Style

_SHORTEST, _LONGEST = 8, 40
"""Columns of the bar; where there is no room for the shortest there is none."""
_SETTLED = 2.0
"""Seconds before a pace says anything."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of a run."""

    done: int
    of: int
    failed: int
    seconds: float
    """Since it began."""

    @property
    def a_second(self) -> float:
        """Targets a second; 0 where that is not known yet."""
        return self.done / self.seconds if self.done and self.seconds >= _SETTLED else 0.0


def bar_pieces(pace: Pace, style: Style, width: int) -> list[Piece]:
    """The pieces in so many columns; what finds no room is left away, the counts last."""
    counts = f"{pace.done:,} of {pace.of:,}"
    extras = [f"{pace.failed:,} failed"] if pace.failed else []
    if pace.a_second:
        extras += [f"{_number(pace.a_second)} a second"]
        left = (pace.of - pace.done) / pace.a_second
        extras += [f"{_time(left)} left"] if left >= 1 else []
    while extras and len(counts) + sum(map(len, extras)) + 2 * len(extras) > width:
        extras.pop()
    room = width - len(counts) - sum(map(len, extras)) - 2 * len(extras) - 2
    pieces: list[Piece] = [(counts, Role.TITLE)]
    if room >= _SHORTEST:
        pieces += [("  ", Role.PLAIN), *_bar(pace, style, min(room, _LONGEST))]
    for each in extras:
        role = Role.ERROR if each.endswith("failed") else Role.PLAIN
        pieces += [("  ", Role.PLAIN), (each, role)]
    return pieces


def _bar(pace: Pace, style: Style, columns: int) -> list[Piece]:
    full, empty = ("━", "─") if style.unicode else ("#", ".")
    filled = columns * pace.done // max(1, pace.of)
    return [(full * filled, Role.SUCCESS), (empty * (columns - filled), Role.SKIPPED)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _time(seconds: float) -> str:
    """`9 s`, `4 min`, `2 h 10 min`: more is not known."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
