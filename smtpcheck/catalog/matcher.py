"""Which rules hold for a table of facts, and which of them wins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpcheck.catalog.cause import Catalog, Cause, Rule
from smtpcheck.catalog.rule_index import Open
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.value import dataclass

_CLOSED: Final[Open] = {}


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that holds."""

    cause: Cause
    rule: Rule
    presumed: tuple[str, ...] = ()
    """Open facts that the rule asks for: they may be so."""

    @property
    def pinned(self) -> int:
        """How many facts the rule pins, without those presumed."""
        free = sum(each.pins for name in self.presumed for each in self.rule.when[name])
        return self.rule.pinned - free

    @property
    def rank(self) -> tuple[int, int, int, int, str, str]:
        """Sorts the winner first: facts pinned, then what knows more than a code, then confidence,
        less where facts are presumed, then the cause's id. Two rules of one cause are told apart
        by what they ask, so that their order in the file never counts."""
        asked = repr(sorted(self.rule.when.items()))
        sure = self.rule.confidence.rank - bool(self.presumed)
        vague = self.rule.vagueness
        return (-self.pinned, vague, -sure, len(self.presumed), self.cause.id, asked)

    def words(self, facts: Facts) -> dict[str, tuple[str, ...]]:
        """What decided: for each fact that the rule pins, the words found in it."""
        return {
            name: tuple(
                word for condition in conditions for word in condition.words(facts.get(name))
            )
            for name, conditions in self.rule.when.items()
            if name not in self.presumed and any(condition.pins for condition in conditions)
        }


def holds(rule: Rule, facts: Facts) -> bool:
    """Whether every condition of the rule holds."""
    for name, conditions in rule.when.items():
        fact = facts.get(name)
        for condition in conditions:
            if not condition.holds(fact):
                return False
    return True


def presumed(rule: Rule, facts: Facts, open_: Open) -> tuple[str, ...] | None:
    """The open facts that the rule asks for, when everything else holds; None when it does not.

    A fact that is absent and not open is absent for certain.
    """
    taken = []
    for name, conditions in rule.when.items():
        fact = facts.get(name)
        if fact is None and name in open_ and name in rule.needs:
            taken.append(name)
            continue
        for condition in conditions:
            if not condition.holds(fact):
                return None
    for name in taken:  # last, since it takes longest
        values, conditions = open_[name], rule.when[name]
        if values is not None and not any(
            all(condition.holds(value) for condition in conditions) for value in values
        ):
            return None
    return tuple(taken)


def ranking(facts: Facts, catalog: Catalog, open_: Open = _CLOSED) -> list[Match]:
    """All rules that hold, the winner first; the order of files and rules never matters."""
    return sorted(_matches(facts, catalog, open_), key=lambda match: match.rank)


def best(facts: Facts, catalog: Catalog) -> Match | None:
    """The rule that wins, or None: then nothing is known of these facts."""
    return min(_matches(facts, catalog, _CLOSED), key=lambda match: match.rank, default=None)


def _matches(facts: Facts, catalog: Catalog, open_: Open) -> Iterator[Match]:
    for cause, rule in catalog.index.candidates(facts, open_):
        if open_:
            taken = presumed(rule, facts, open_)
            if taken is not None:
                yield Match(cause, rule, taken)
        elif holds(rule, facts):
            yield Match(cause, rule)
