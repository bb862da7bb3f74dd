"""Whether the rules of a catalogue keep their word: each example is won, no look-alike claimed."""

from __future__ import annotations

from collections.abc import Iterator

from smtpcheck.catalog.cause import Catalog, Cause, Example, Rule
from smtpcheck.catalog.condition import Equals, OneOf
from smtpcheck.catalog.matcher import best, holds, presumed
from smtpcheck.diagnosis.explain import winner
from smtpcheck.diagnosis.pasted.failures import read_text
from smtpcheck.diagnosis.pasted.reading import Failure as PastedFailure
from smtpcheck.diagnosis.reply_facts import facts_of_reply, with_step
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

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
    if example.pasted:
        return _pasted_facts(example.text, rule)
    return facts_of_reply(example.text, **{**_taken_from_rule(rule, example), **example.facts})


def _failures(cause: Cause, number: int, rule: Rule, catalog: Catalog) -> Iterator[Failure]:
    for example in rule.examples:
        if example.pasted and example.text is not None:
            yield from _pasted_failures(cause, number, example.text, catalog)
            continue
        facts = facts_of_example(example, rule)
        shown = example.text or str(dict(example.facts))
        if not holds(rule, facts):
            yield Failure(cause.id, number, shown, "does not hold for its own example")
        else:
            won = best(facts, catalog)
            if won is not None and won.cause.id != cause.id:
                message = f"the example is won by {won.cause.id} ({won.pinned} facts pinned)"
                yield Failure(cause.id, number, shown, message)
    for example in rule.counterexamples:
        if example.pasted and example.text is not None:
            found = winner(example.text, catalog)
            if found is not None and found[1].rule == rule:
                yield Failure(cause.id, number, example.text, "claims its counterexample")
        elif holds(rule, facts_of_example(example, rule)):
            shown = example.text or str(dict(example.facts))
            yield Failure(cause.id, number, shown, "claims its counterexample")


def _pasted_failures(cause: Cause, number: int, text: str, catalog: Catalog) -> Iterator[Failure]:
    """A pasted text stands for the facts that decide; another rule of the same cause may win."""
    found = winner(text, catalog)
    if found is None:
        yield Failure(cause.id, number, text, "no rule explains the example")
    elif found[1].cause.id != cause.id:
        other = found[1]
        message = f"the example is won by {other.cause.id} ({other.pinned} facts pinned)"
        yield Failure(cause.id, number, text, message)
    elif not any(holds_openly(cause.rules[number - 1], each) for each in failures_in(text)):
        yield Failure(cause.id, number, text, "does not hold for its own example")


def _pasted_facts(text: str, rule: Rule) -> dict[str, Json]:
    """Of the failures that a text may show, the first for which the rule holds."""
    found = failures_in(text)
    chosen = next((each for each in found if holds_openly(rule, each)), found[0])
    return dict(chosen.facts)


def holds_openly(rule: Rule, failure: PastedFailure) -> bool:
    """Whether the rule holds for what a text shows, its open facts presumed."""
    return presumed(rule, failure.facts, failure.open) is not None


def failures_in(text: str) -> list[PastedFailure]:
    """What a pasted text may report."""
    return read_text(text).failures


def _taken_from_rule(rule: Rule, example: Example) -> dict[str, Json]:
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
