"""Causes, their rules and the catalogue that holds them, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property

from smtpcheck.catalog.condition import Condition, Equals
from smtpcheck.catalog.rule_index import RuleIndex
from smtpcheck.model.diagnosis import Confidence, Owner, Severity
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that a fix names; texts in `value` may hold placeholders."""

    key: str
    value: Json


@dataclass(frozen=True, slots=True)
class Example:
    """A server's reply, or facts, that a rule must claim or must leave alone."""

    text: str | None
    """The reply; None where there are facts only."""
    facts: Facts
    pasted: bool = False
    """The text is what a program printed, and is read as `explain` reads it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to tell a cause: the facts it pins, and its proof.

    `why`, `help`, `owner`, `retryable` and `changes` are None where the cause's own are meant.
    """

    when: Mapping[str, tuple[Condition, ...]]
    confidence: Confidence
    source: str
    as_of: str
    examples: tuple[Example, ...]
    counterexamples: tuple[Example, ...]
    why: str | None = None
    help: tuple[str, ...] | None = None
    owner: Owner | None = None
    retryable: bool | None = None
    changes: tuple[SettingChange, ...] | None = None
    needs: frozenset[str] = field(init=False)
    """The facts that it pins: each must have a value."""
    pinned: int = field(init=False)
    """How many facts it pins: what decides between rules that hold."""
    vagueness: int = field(init=False)
    """Of rules that pin one fact: 2 where that is the reply code, 1 where it is a choice of
    enhanced codes, which servers take less care of than of their words; else 0."""

    def __post_init__(self) -> None:
        pinning = {
            name: [each for each in conditions if each.pins]
            for name, conditions in self.when.items()
        }
        pinned = sum(each.pins for conditions in pinning.values() for each in conditions)
        object.__setattr__(self, "needs", frozenset(name for name in pinning if pinning[name]))
        object.__setattr__(self, "pinned", pinned)
        alone = next((name for name, found in pinning.items() if found), "") if pinned == 1 else ""
        exact = any(isinstance(each, Equals) for each in pinning.get(alone, ()))
        vague = {"reply.code": 2, "reply.enhanced": 0 if exact else 1}.get(alone, 0)
        object.__setattr__(self, "vagueness", vague)


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that can be wrong."""

    id: str
    title: str
    why: str
    help: tuple[str, ...]
    owner: Owner
    retryable: bool
    severity: Severity | None
    """None: as the step's outcome says."""
    references: tuple[str, ...]
    changes: tuple[SettingChange, ...]
    rules: tuple[Rule, ...]
    group: str
    """Name of the file that it stands in, without `.toml`."""


@dataclass(frozen=True)
class Catalog:
    """All causes, by id, in the order of the alphabet."""

    causes: Mapping[str, Cause]

    @cached_property
    def index(self) -> RuleIndex:
        """Finds the rules that may hold."""
        return RuleIndex(self.causes.values())
