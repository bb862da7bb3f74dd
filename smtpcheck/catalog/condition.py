"""What a rule asks of one fact: equality, membership, words, numbers, absence, patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import ClassVar, Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

PATTERN_SIGHT: Final = 2000
"""Characters of a fact that a pattern sees: bounds the work on hostile text."""
COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "lt": lt,
    "le": le,
    "gt": gt,
    "ge": ge,
}


@lru_cache(maxsize=256)
def squeezed(text: str) -> str:
    """The text in lower case, every run of white space one blank."""
    return " ".join(text.lower().split())


@lru_cache(maxsize=16384)
def _wanted(member: str) -> str:
    """The words of a rule, squeezed: few enough to keep them all."""
    return " ".join(member.lower().split())


def equal(left: Json, right: Json) -> bool:
    """Equality by type and value: `True` is not `1`, a tuple of facts equals the list."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    return left == right


@dataclass(frozen=True, slots=True)
class Equals:
    """The fact is exactly this value."""

    value: Json
    pins: ClassVar[int] = 1

    def holds(self, fact: Json) -> bool:
        """Whether the fact is the value."""
        return equal(fact, self.value)

    def words(self, fact: Json) -> tuple[str, ...]:
        """The whole fact, when it is a text."""
        return (fact,) if isinstance(fact, str) and fact else ()


@dataclass(frozen=True, slots=True)
class OneOf:
    """The fact is one of these values."""

    values: tuple[Json, ...]
    pins: ClassVar[int] = 1

    def holds(self, fact: Json) -> bool:
        """Whether the fact is one of them."""
        return any(equal(fact, value) for value in self.values)

    def words(self, fact: Json) -> tuple[str, ...]:
        """The whole fact, when it is a text."""
        return (fact,) if isinstance(fact, str) and fact else ()


@dataclass(frozen=True, slots=True)
class Has:
    """The fact is a text or a list that holds all of these."""

    members: tuple[Json, ...]

    @property
    def pins(self) -> int:
        """One for each of them."""
        return len(self.members)

    def holds(self, fact: Json) -> bool:
        """Whether all are in the fact."""
        return all(_contains(fact, member) for member in self.members)

    def words(self, fact: Json) -> tuple[str, ...]:
        """What was looked for, when the fact is a text."""
        return _texts(self.members) if isinstance(fact, str) else ()


@dataclass(frozen=True, slots=True)
class HasAny:
    """The fact is a text or a list that holds at least one of these."""

    members: tuple[Json, ...]
    pins: ClassVar[int] = 1

    def holds(self, fact: Json) -> bool:
        """Whether one is in the fact."""
        return any(_contains(fact, member) for member in self.members)

    def words(self, fact: Json) -> tuple[str, ...]:
        """Those that were found, when the fact is a text."""
        if not isinstance(fact, str):
            return ()
        return _texts(tuple(member for member in self.members if _contains(fact, member)))


@dataclass(frozen=True, slots=True)
class Compares:
    """The fact is a number on the right side of the bound."""

    operator: str
    bound: float
    pins: ClassVar[int] = 1

    def holds(self, fact: Json) -> bool:
        """Whether the fact is such a number."""
        if isinstance(fact, bool) or not isinstance(fact, (int, float)):
            return False
        return COMPARISONS[self.operator](fact, self.bound)

    def words(self, _fact: Json) -> tuple[str, ...]:
        """Nothing: a number has no words."""
        return ()


@dataclass(frozen=True, slots=True)
class Matches:
    """The fact is a text in which the pattern is found."""

    source: str
    pins: ClassVar[int] = 1

    def holds(self, fact: Json) -> bool:
        """Whether the pattern is found in the first `PATTERN_SIGHT` characters."""
        return bool(self._found(fact))

    def words(self, fact: Json) -> tuple[str, ...]:
        """What the pattern found."""
        found = self._found(fact)
        return (found[0],) if found and found[0] else ()

    def _found(self, fact: Json) -> re.Match[str] | None:
        if not isinstance(fact, str):
            return None
        return _compiled(self.source).search(fact, 0, PATTERN_SIGHT)


@dataclass(frozen=True, slots=True)
class Absent:
    """The fact has no value, or, when not wanted, has one."""

    wanted: bool

    @property
    def pins(self) -> int:
        """A guard counts nothing; that there is a value counts one."""
        return 0 if self.wanted else 1

    def holds(self, fact: Json) -> bool:
        """Whether the fact's absence is as wanted."""
        return (fact is None) is self.wanted

    def words(self, _fact: Json) -> tuple[str, ...]:
        """Nothing: absence has no words."""
        return ()


@dataclass(frozen=True, slots=True)
class Not:
    """The fact is absent, or not all of these hold."""

    inner: tuple[Condition, ...]
    pins: ClassVar[int] = 0

    def holds(self, fact: Json) -> bool:
        """Whether one of the inner conditions fails."""
        return not all(condition.holds(fact) for condition in self.inner)

    def words(self, _fact: Json) -> tuple[str, ...]:
        """Nothing: what is not there cannot be shown."""
        return ()


Condition = Equals | OneOf | Has | HasAny | Compares | Matches | Absent | Not


@lru_cache(maxsize=256)
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


def _contains(fact: Json, member: Json) -> bool:
    if isinstance(fact, str):
        return isinstance(member, str) and _wanted(member) in squeezed(fact)
    if isinstance(fact, (list, tuple)):
        return any(equal(each, member) for each in fact)
    return False


def _texts(members: Sequence[Json]) -> tuple[str, ...]:
    return tuple(member for member in members if isinstance(member, str))
