"""Which rules hold for a table of facts, and which of them wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtpcheck.catalog.cause import Catalog, Cause, Rule
from smtpcheck.model.jsonvalue import Facts


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that holds."""

    cause: Cause
    rule: Rule

    @property
    def pinned(self) -> int:
        """How many facts the rule pins."""
        return self.rule.pinned

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """Sorts the winner first: facts pinned, then confidence, then the cause's id. Two rules of
        one cause are told apart by what they ask, so that their order in the file never counts."""
        asked = repr(sorted(self.rule.when.items()))
        return (-self.rule.pinned, -self.rule.confidence.rank, self.cause.id, asked)

    def words(self, facts: Facts) -> dict[str, tuple[str, ...]]:
        """What decided: for each fact that the rule pins, the words found in it."""
        return {
            name: tuple(
                word for condition in conditions for word in condition.words(facts.get(name))
            )
            for name, conditions in self.rule.when.items()
            if any(condition.pins for condition in conditions)
        }


def holds(rule: Rule, facts: Facts) -> bool:
    """Whether every condition of the rule holds."""
    for name, conditions in rule.when.items():
        fact = facts.get(name)
        for condition in conditions:
            if not condition.holds(fact):
                return False
    return True


def ranking(facts: Facts, catalog: Catalog) -> list[Match]:
    """All rules that hold, the winner first; the order of files and rules never matters."""
    return sorted(_matches(facts, catalog), key=lambda match: match.rank)


def best(facts: Facts, catalog: Catalog) -> Match | None:
    """The rule that wins, or None: then nothing is known of these facts."""
    return min(_matches(facts, catalog), key=lambda match: match.rank, default=None)


def _matches(facts: Facts, catalog: Catalog) -> Iterator[Match]:
    for cause in catalog.causes.values():
        for rule in cause.rules:
            if holds(rule, facts):
                yield Match(cause, rule)
