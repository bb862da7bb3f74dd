"""The index leaves out no rule that holds, and most that do not."""

from __future__ import annotations

from itertools import islice

import pytest

from smtpcheck.catalog.cause import Rule
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.catalog.matcher import holds, presumed
from smtpcheck.catalog.rule_index import Open
from smtpcheck.diagnosis.proof import facts_of_example
from smtpcheck.model.jsonvalue import Facts

CATALOG = load_catalog()  # rules are told apart by identity, and other tests load it anew
RULES = [rule for cause in CATALOG.causes.values() for rule in cause.rules]
EXAMPLES = [facts_of_example(each, rule) for rule in RULES for each in rule.examples]


def found(facts: Facts, open_: Open) -> list[int]:
    return [id(rule) for _, rule in CATALOG.index.candidates(facts, open_)]


def test_every_rule_that_holds_for_an_example_is_found_once() -> None:
    for facts in islice(EXAMPLES, 0, None, 7):
        candidates = found(facts, {})
        holding = {id(rule) for rule in RULES if holds(rule, facts)}
        assert holding <= set(candidates), facts
        assert len(candidates) == len(set(candidates))


@pytest.mark.parametrize("name", ["step", "reply.code", "error.kind", "provider", "server.port"])
def test_every_rule_that_may_hold_where_a_fact_is_open_is_found_once(name: str) -> None:
    open_: Open = {name: None, "stage": None}
    for facts in islice(EXAMPLES, 0, None, 61):
        known = {key: value for key, value in facts.items() if key not in open_}
        candidates = found(known, open_)
        holding = {id(rule) for rule in RULES if presumed(rule, known, open_) is not None}
        assert holding <= set(candidates), known
        assert len(candidates) == len(set(candidates))


def test_of_a_thousand_rules_few_are_asked() -> None:
    facts = {"step": "tcp.connect", "stage": "tcp", "error.kind": "refused"}
    asked: list[Rule] = [rule for _, rule in CATALOG.index.candidates(facts, {})]
    assert 0 < len(asked) < len(RULES) / 20
