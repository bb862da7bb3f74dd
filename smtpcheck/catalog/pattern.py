"""Which regular expressions a rule may use: anchored at the start, and bounded in their work."""

from __future__ import annotations

import re
from typing import Final

_PIECE: Final = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?:|\(\?|[()*+?]|\{(\d*)(,?)(\d*)\}|.", re.DOTALL
)
_LONGEST_REPEAT: Final = 200
_MOST_WORK: Final = 10_000
"""Upper bound of the product of all repeats, so of the ways to try one start."""


def fault_of(pattern: str) -> str:
    """What is wrong with the pattern, in words; empty when a rule may use it."""
    try:
        re.compile(pattern)
    except re.error as error:
        return f"is no regular expression: {error}"
    if not pattern.startswith(("\\A", "^", "\\b")):
        return r"must begin with \A, ^ or \b"
    if _splits_at_top(pattern):
        return "has alternatives outside a group: only the first would be anchored"
    return _fault_of_repeats(pattern)


def _fault_of_repeats(pattern: str) -> str:
    work = 1
    repeats_within = [False]
    closed_repeats = False
    for piece in _PIECE.finditer(pattern):
        text = piece[0]
        bound = _upper_bound(piece)
        if text.startswith("(") and len(text) <= 3:
            repeats_within.append(False)
        elif text == ")":
            closed_repeats = repeats_within.pop()
            repeats_within[-1] |= closed_repeats
            continue
        elif bound is None:
            return "has a repeat without an upper bound: write {0,80} instead of * or +"
        elif bound > _LONGEST_REPEAT:
            return f"has a repeat of more than {_LONGEST_REPEAT}"
        elif bound > 1:
            if closed_repeats:
                return "repeats a group that holds a repeat"
            work *= bound
            repeats_within[-1] = True
        closed_repeats = False
    return f"may take more than {_MOST_WORK:,} tries" if work > _MOST_WORK else ""


def _upper_bound(piece: re.Match[str]) -> int | None:
    """How often the piece lets its neighbour repeat; 1 for what is no repeat, None: no bound."""
    text = piece[0]
    if text in "*+":
        return None
    if not text.startswith("{") or text == "{":
        return 1
    low, comma, high = piece[1], piece[2], piece[3]
    if comma and not high:
        return None
    return int(high or low or 1)


def _splits_at_top(pattern: str) -> bool:
    depth = 0
    for piece in _PIECE.finditer(pattern):
        if piece[0].startswith("(") and len(piece[0]) <= 3:
            depth += 1
        elif piece[0] == ")":
            depth -= 1
        elif piece[0] == "|" and depth == 0:
            return True
    return False
