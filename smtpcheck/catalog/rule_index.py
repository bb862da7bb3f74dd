"""The rules that may hold for a table of facts, found without asking each of them.

Of a thousand rules some twenty are left, which the matcher asks in full.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from smtpcheck.catalog.condition import Equals, OneOf
from smtpcheck.model.jsonvalue import Facts, Json

if TYPE_CHECKING:
    from smtpcheck.catalog.cause import Cause, Rule

Open = Mapping[str, Sequence[Json] | None]
"""Facts that the evidence does not show, and the values that each may have; None: any."""
_Scalar = str | int | float
_Entry = tuple["Cause", "Rule"]
_Ask = tuple[str, tuple[_Scalar, ...]]
"""A fact, and the values of which it must have one."""


class RuleIndex:
    """All rules, each under the one value that it asks for and that the fewest others ask for."""

    def __init__(self, causes: Iterable[Cause]) -> None:
        self._under: defaultdict[str, defaultdict[_Scalar, list[_Entry]]]
        self._under = defaultdict(lambda: defaultdict(list))
        self._rest: list[_Entry] = []
        rules = [(cause, rule, list(_asks(rule))) for cause in causes for rule in cause.rules]
        asked = Counter(
            (name, each) for *_, asks in rules for name, values in asks for each in values
        )
        for cause, rule, asks in rules:
            entry = (cause, rule)
            if not asks:
                self._rest.append(entry)
                continue
            name, values = min(asks, key=lambda ask: sum(asked[ask[0], each] for each in ask[1]))
            for value in values:
                self._under[name][value].append(entry)

    def candidates(self, facts: Facts, open_: Open) -> Iterator[tuple[Cause, Rule]]:
        """The rules that may hold, each once."""
        known = {*facts, *open_}
        for entries in self._filed(facts, open_):
            for cause, rule in entries:
                if rule.needs <= known:
                    yield cause, rule

    def _filed(self, facts: Facts, open_: Open) -> Iterator[Iterable[_Entry]]:
        yield self._rest
        for name, by_value in self._under.items():
            fact = facts.get(name)
            if fact is None and name in open_:
                values = open_[name]
                listed = by_value.values() if values is None else _listed(by_value, values)
                yield {id(rule): (cause, rule) for each in listed for cause, rule in each}.values()
            elif isinstance(fact, (str, int, float)):
                yield by_value.get(fact, ())


def _listed(
    by_value: Mapping[_Scalar, list[_Entry]], values: Sequence[Json]
) -> Iterator[list[_Entry]]:
    return (
        by_value[each]
        for each in values
        if isinstance(each, (str, int, float)) and each in by_value
    )


def _asks(rule: Rule) -> Iterator[_Ask]:
    for name, conditions in rule.when.items():
        for each in conditions:
            values: tuple[Json, ...] = ()
            if isinstance(each, Equals):
                values = (each.value,)
            elif isinstance(each, OneOf):
                values = each.values
            scalars = tuple(
                dict.fromkeys(one for one in values if isinstance(one, (str, int, float)))
            )
            if scalars and len(scalars) == len(values):
                yield name, scalars
