"""Reads causes and rules from the tables of one TOML file; says all that is wrong at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Final, TypeVar

from smtpcheck.catalog.cause import Cause, Example, Rule, SettingChange
from smtpcheck.catalog.condition import Condition
from smtpcheck.catalog.condition_reader import read_conditions
from smtpcheck.catalog.flat import flat
from smtpcheck.model.diagnosis import Confidence, Owner, Severity
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OVERRIDES: Final = frozenset({"why", "help", "owner", "retryable", "changes"})
_CAUSE_KEYS: Final = _OVERRIDES | {"title", "severity", "references", "guard", "rule"}
_RULE_KEYS: Final = _OVERRIDES | {
    "provider",
    "when",
    "confidence",
    "source",
    "as_of",
    "examples",
    "counterexamples",
}
Choice = TypeVar("Choice", bound=StrEnum)
Table = Mapping[str, Json]
Conditions = dict[str, tuple[Condition, ...]]


@dataclass(frozen=True, slots=True)
class CatalogProblem:
    """One thing that is wrong in one file of causes."""

    file: str
    where: str
    """Cause and rule: `auth-smtp-disabled, rule 2`; empty for the file as a whole."""
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.where, self.message) if part)


class CauseReader:
    """Reads the tables of one file, keeping every problem."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.group = file.removesuffix(".toml")
        self.problems: list[CatalogProblem] = []
        self.additions: dict[str, tuple[Rule, ...]] = {}
        """Rules for causes that stand in other files."""
        self.guards: dict[str, Conditions] = {}
        """What must hold for every rule of a cause, wherever the rule stands."""
        self._where = ""

    def read(self, tables: Table) -> list[Cause]:
        """The causes of the file; those with problems may be missing. A table that holds nothing
        but rules goes to `additions`."""
        causes = []
        for cause_id, table in tables.items():
            self._where = cause_id
            if not isinstance(table, Mapping):
                self._complain("is no table: a cause is written [cause-id]")
            elif set(table) == {"rule"}:
                self.additions[cause_id] = self._rules(cause_id, table["rule"])
            else:
                causes.append(self._cause(cause_id, table))
        return causes

    def _complain(self, message: str) -> None:
        self.problems.append(CatalogProblem(self.file, self._where, message))

    def _complain_of(self, fact: str, message: str) -> None:
        self._complain(f"when, {fact}: {message}")

    def _cause(self, cause_id: str, table: Table) -> Cause:
        if not _ID.fullmatch(cause_id):
            self._complain("the id must be lower-case words joined by -")
        self._unknown_keys(table, _CAUSE_KEYS)
        title = self._text(table, "title", needed=True)
        if title.endswith("."):
            self._complain("title: no full stop at the end")
        severity = self._choice(table, "severity", Severity)
        if severity is Severity.ERROR:
            self._complain("severity: only `warning` may be set; an error comes from a failed step")
        if "guard" in table:
            self.guards[cause_id] = self._guard(table["guard"])
        return Cause(
            id=cause_id,
            title=title,
            why=self._text(table, "why", needed=True),
            help=self._texts(table, "help", needed=True),
            owner=self._choice(table, "owner", Owner, needed=True) or Owner.YOU,
            retryable=self._flag(table, "retryable") or False,
            severity=severity,
            references=self._texts(table, "references"),
            changes=self._changes(table) or (),
            group=self.group,
            rules=self._rules(cause_id, table.get("rule")),
        )

    def _rules(self, cause_id: str, value: Json) -> tuple[Rule, ...]:
        if not isinstance(value, list) or not value:
            self._complain("has no rule: write one under [[" + cause_id + ".rule]]")
            return ()
        rules = []
        for number, table in enumerate(value, start=1):
            self._where = f"{cause_id}, rule {number}"
            if isinstance(table, Mapping):
                rules.append(self._rule(table))
            else:
                self._complain("is no table")
        self._where = cause_id
        return tuple(rules)

    def _rule(self, table: Table) -> Rule:
        self._unknown_keys(table, _RULE_KEYS)
        when = self._when(table)
        examples = self._examples(table, "examples")
        counterexamples = self._examples(table, "counterexamples")
        if not examples:
            self._complain("has no example: a rule must prove itself")
        if not counterexamples and "reply.text" in when:
            self._complain("pins reply.text and has no counterexample")
        rule = Rule(
            when=when,
            confidence=self._choice(table, "confidence", Confidence, needed=True)
            or Confidence.POSSIBLE,
            source=self._text(table, "source", needed=True),
            as_of=self._text(table, "as_of", needed="provider" in when),
            examples=examples,
            counterexamples=counterexamples,
            why=self._text(table, "why") or None,
            help=self._texts(table, "help") or None,
            owner=self._choice(table, "owner", Owner),
            retryable=self._flag(table, "retryable"),
            changes=self._changes(table),
        )
        if when and not rule.pinned:
            self._complain("when: only guards; pin at least one fact")
        return rule

    def _guard(self, asked: Json) -> Conditions:
        if not isinstance(asked, Mapping) or not asked:
            self._complain("guard: a table of facts")
            return {}
        guard = {
            fact: read_conditions(value, partial(self._complain_of, fact))
            for fact, value in asked.items()
        }
        if any(each.pins for conditions in guard.values() for each in conditions):
            self._complain("guard: only `not` and `absent = true`, which pin nothing")
        return guard

    def _when(self, table: Table) -> Conditions:
        conditions: Conditions = {}
        asked = table.get("when")
        if not isinstance(asked, Mapping) or not asked:
            self._complain("when: needed, a table of facts")
            asked = {}
        if "provider" in table:
            asked = {"provider": table["provider"], **asked}
        for fact, value in asked.items():
            conditions[fact] = read_conditions(value, partial(self._complain_of, fact))
        return conditions

    def _examples(self, table: Table, key: str) -> tuple[Example, ...]:
        value = table.get(key, [])
        if not isinstance(value, list):
            self._complain(f"{key}: wants a list")
            return ()
        read = (self._example(key, each) for each in value)
        return tuple(example for example in read if example is not None)

    def _example(self, key: str, value: Json) -> Example | None:
        if isinstance(value, str):
            value = {"text": value}
        if not isinstance(value, Mapping):
            self._complain(f"{key}: wants texts, {{ text = ..., facts }} or {{ facts = {{...}} }}")
            return None
        given = dict(value)
        pasted = given.pop("paste", None)
        if isinstance(pasted, str) and pasted.strip() and not given:
            return Example(pasted, {}, pasted=True)
        text, facts = given.pop("text", None), given.pop("facts", None)
        if isinstance(text, str) and text.strip() and facts is None:
            return Example(text, flat(given))
        if text is None and isinstance(facts, Mapping) and facts and not given:
            return Example(None, flat(facts))
        self._complain(
            f"{key}: an example has either a text (and facts beside it), a table facts, or a paste"
        )
        return None

    def _changes(self, table: Table) -> tuple[SettingChange, ...] | None:
        value = table.get("changes")
        if value is None:
            return None
        changes = []
        for each in value if isinstance(value, list) else [value]:
            key = each.get("key") if isinstance(each, Mapping) else None
            if (
                not isinstance(each, Mapping)
                or not isinstance(key, str)
                or set(each) != {"key", "value"}
            ):
                self._complain('changes: each is { key = "server.port", value = 465 }')
            else:
                changes.append(SettingChange(key, each["value"]))
        return tuple(changes)

    def _unknown_keys(self, table: Table, known: frozenset[str]) -> None:
        for key in table:
            if key not in known:
                self._complain(f"unknown key {key}; allowed: {', '.join(sorted(known))}")

    def _text(self, table: Table, key: str, *, needed: bool = False) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            self._complain(f"{key}: wants a text, not {value!r}")
            return ""
        if needed and not value.strip():
            self._complain(f"{key}: needed")
        return value

    def _texts(self, table: Table, key: str, *, needed: bool = False) -> tuple[str, ...]:
        value = table.get(key)
        if value is None and not needed:
            return ()
        texts: Sequence[Json] = value if isinstance(value, list) else ()
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            self._complain(f"{key}: wants a list of texts")
        return tuple(text for text in texts if isinstance(text, str))

    def _flag(self, table: Table, key: str) -> bool | None:
        value = table.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._complain(f"{key}: wants true or false, not {value!r}")
        return None

    def _choice(
        self, table: Table, key: str, kind: type[Choice], *, needed: bool = False
    ) -> Choice | None:
        value = table.get(key)
        if value is None:
            if needed:
                self._complain(f"{key}: needed")
            return None
        try:
            return kind(value if isinstance(value, str) else "")
        except ValueError:
            allowed = ", ".join(str(choice) for choice in kind)
            self._complain(f"{key}: {value!r} is not one of {allowed}")
            return None
