"""Whether the rules of a catalogue keep their word: each example is won, no look-alike claimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtpcheck.catalog.cause import Catalog, Cause, Example, Rule
from smtpcheck.catalog.condition import Equals, OneOf
from smtpcheck.catalog.matcher import best, holds
from smtpcheck.diagnosis.reply_facts import facts_of_reply, with_step
from smtpcheck.model.jsonvalue import Json

_SHOWN_BY_TEXT = ("reply.code", "reply.enhanced", "reply.text", "reply.lines")


@dataclass(frozen=True, slots=True)
class Failure:
    """One example that another cause wins, or one counterexample that is claimed."""

    cause: str
    rule: int
    """1-based, within the cause."""
    example: str
    message: str

    def __str__(self) -> str:
        return f"{self.cause}, rule {self.rule}: {self.message}: {self.example}"


def prove(catalog: Catalog) -> tuple[Failure, ...]:
    """Every example that is not won by its own cause against the whole catalogue, and every
    counterexample that its rule claims."""
    return tuple(
        failure
        for cause in catalog.causes.values()
        for number, rule in enumerate(cause.rules, start=1)
        for failure in _failures(cause, number, rule, catalog)
    )


def facts_of_example(example: Example, rule: Rule) -> dict[str, Json]:
    """The facts that an example stands for.

    A text says nothing of the step, the provider or the settings: what the rule pins of these
    literally is taken from the rule, unless the example gives them.
    """
    if example.text is None:
        return with_step(dict(example.facts))
    return facts_of_reply(example.text, **{**_presumed(rule, example), **example.facts})


def _failures(cause: Cause, number: int, rule: Rule, catalog: Catalog) -> Iterator[Failure]:
    for example in rule.examples:
        facts = facts_of_example(example, rule)
        shown = example.text or str(dict(example.facts))
        if not holds(rule, facts):
            yield Failure(cause.id, number, shown, "does not hold for its own example")
        else:
            winner = best(facts, catalog)
            if winner is not None and winner.cause.id != cause.id:
                message = f"the example is won by {winner.cause.id} ({winner.pinned} facts pinned)"
                yield Failure(cause.id, number, shown, message)
    for example in rule.counterexamples:
        if holds(rule, facts_of_example(example, rule)):
            shown = example.text or str(dict(example.facts))
            yield Failure(cause.id, number, shown, "claims its counterexample")


def _presumed(rule: Rule, example: Example) -> dict[str, Json]:
    facts: dict[str, Json] = {}
    for name, conditions in rule.when.items():
        placed = name in ("stage", "step") and {"stage", "step"} & set(example.facts)
        if name in _SHOWN_BY_TEXT or placed:
            continue
        for condition in conditions:
            if isinstance(condition, Equals):
                facts[name] = condition.value
            elif isinstance(condition, OneOf):
                facts[name] = condition.values[0]
    return facts
