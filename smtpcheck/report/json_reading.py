"""A saved report read back, so that it can be judged or shown again.

Keys that are not known are passed over: a later version may have added them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Evidence, Owner, Severity
from smtpcheck.model.drift import Drift
from smtpcheck.model.errors import UsageError
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import ExperimentResult, Observations, StageResult, Step
from smtpcheck.model.report import Attempt, Report, TargetReport
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Event, Who

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_READABLE = 1


def report_from_data(data: Json) -> Report:
    """The report that `report_to_data` turned into this data. Raises UsageError that names the
    place for data that is no report, or one of a newer schema."""
    root = _Table(data, "report")
    schema = root.whole("schema")
    if schema != _READABLE:
        raise UsageError(
            f"this report has schema {schema}; this smtpcheck reads schema {_READABLE}",
            ["read it with the version of smtpcheck that wrote it"],
        )
    return Report(
        started=root.text("started"),
        outcome=root.word("outcome", Outcome),
        exit_code=root.whole("exit_code"),
        targets=root.tables("targets", _target),
    )


def target_from_data(data: Json, at: int) -> TargetReport:
    """One target of such a report, the one at this place. Raises UsageError."""
    return _target(_Table(data, f"report.targets[{at}]"))


class _Table:
    """One JSON object, with its place in the document for messages."""

    def __init__(self, data: Json, where: str) -> None:
        if not isinstance(data, Mapping):
            raise _wrong(where, "an object", data)
        self._data = data
        self._where = where

    def _get(self, key: str) -> Json:
        if key not in self._data:
            raise UsageError(f"not a report of smtpcheck: {self._where}.{key} is missing")
        return self._data[key]

    def text(self, key: str) -> str:
        value = self._get(key)
        if not isinstance(value, str):
            raise _wrong(f"{self._where}.{key}", "a string", value)
        return value

    def optional_text(self, key: str) -> str | None:
        return None if self._get(key) is None else self.text(key)

    def text_if_any(self, key: str) -> str:
        return "" if self._data.get(key) is None else self.text(key)

    def whole(self, key: str) -> int:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong(f"{self._where}.{key}", "a whole number", value)
        return value

    def number(self, key: str) -> float:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong(f"{self._where}.{key}", "a number", value)
        return float(value)

    def flag(self, key: str, *, missing: bool | None = None) -> bool:
        value = self._data.get(key, missing) if missing is not None else self._get(key)
        if not isinstance(value, bool):
            raise _wrong(f"{self._where}.{key}", "true or false", value)
        return value

    def word(self, key: str, kind: type[E]) -> E:
        value = self.text(key)
        try:
            return kind(value)
        except ValueError:
            allowed = ", ".join(each.value for each in kind)
            raise _wrong(f"{self._where}.{key}", f"one of {allowed}", value) from None

    def value(self, key: str) -> Json:
        return self._get(key)

    def items(self, key: str, *, missing: bool = False) -> Sequence[Json]:
        value = self._data.get(key, []) if missing else self._get(key)
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise _wrong(f"{self._where}.{key}", "a list", value)
        return value

    def texts(self, key: str, *, missing: bool = False) -> tuple[str, ...]:
        made: list[str] = []
        for at, each in enumerate(self.items(key, missing=missing)):
            if not isinstance(each, str):
                raise _wrong(f"{self._where}.{key}[{at}]", "a string", each)
            made.append(each)
        return tuple(made)

    def tables(
        self, key: str, read: Callable[[_Table], T], *, missing: bool = False
    ) -> tuple[T, ...]:
        where = f"{self._where}.{key}"
        items = self.items(key, missing=missing)
        return tuple(read(_Table(each, f"{where}[{at}]")) for at, each in enumerate(items))

    def table(self, key: str) -> Facts:
        value = self._data.get(key, {})
        if not isinstance(value, Mapping):
            raise _wrong(f"{self._where}.{key}", "an object", value)
        return value

    def rest(self, *taken: str) -> Facts:
        return {name: value for name, value in self._data.items() if name not in taken}

    def spans(self) -> tuple[tuple[int, int], ...]:
        made: list[tuple[int, int]] = []
        for at, each in enumerate(self.items("spans", missing=True)):
            match each:
                case [int(start), int(end)]:
                    made.append((start, end))
                case _:
                    raise _wrong(f"{self._where}.spans[{at}]", "two whole numbers", each)
        return tuple(made)


def _wrong(where: str, wanted: str, found: Json) -> UsageError:
    shown = repr(found)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return UsageError(f"not a report of smtpcheck: {where} is {shown}, not {wanted}")


def _target(table: _Table) -> TargetReport:
    return TargetReport(
        target=table.text("target"),
        profile=table.optional_text("profile"),
        outcome=table.word("outcome", Outcome),
        exit_code=table.whole("exit_code"),
        observations=Observations(
            settings=table.table("settings"),
            stages=table.tables("stages", _stage),
            experiments=table.tables("experiments", _experiment),
            transcript=table.tables("transcript", _event),
            interrupted=table.flag("interrupted", missing=False),
            findings=table.tables("findings", _finding, missing=True),
            baseline=table.text_if_any("baseline"),
            drift=table.tables("drift", _drift, missing=True),
        ),
        diagnoses=table.tables("diagnoses", _diagnosis),
        notes=table.texts("notes", missing=True),
        attempts=table.tables("attempts", _attempt, missing=True),
    )


def _attempt(table: _Table) -> Attempt:
    return Attempt(
        outcome=table.word("outcome", Outcome),
        exit_code=table.whole("exit_code"),
        elapsed_ms=table.number("elapsed_ms"),
        waited_ms=table.number("waited_ms"),
        cause=table.text("cause"),
    )


def _stage(table: _Table) -> StageResult:
    return StageResult(
        stage=table.word("stage", Stage),
        outcome=table.word("outcome", Outcome),
        steps=table.tables("steps", _step),
        blocked_by=table.optional_text("blocked_by"),
        elapsed_ms=table.number("elapsed_ms"),
    )


def _step(table: _Table) -> Step:
    return Step(
        step=table.text("step"),
        outcome=table.word("outcome", Outcome),
        elapsed_ms=table.number("elapsed_ms"),
        summary=table.text("summary"),
        facts=table.rest("step", "outcome", "elapsed_ms", "summary"),
    )


def _experiment(table: _Table) -> ExperimentResult:
    return ExperimentResult(
        name=table.text("name"),
        outcome=table.word("outcome", Outcome),
        summary=table.text("summary"),
        elapsed_ms=table.number("elapsed_ms"),
        facts=table.rest("name", "outcome", "summary", "elapsed_ms"),
    )


def _diagnosis(table: _Table) -> Diagnosis:
    return Diagnosis(
        cause=table.text("cause"),
        severity=table.word("severity", Severity),
        title=table.text("title"),
        stage=table.text("stage"),
        confidence=table.word("confidence", Confidence),
        owner=table.word("owner", Owner),
        retryable=table.flag("retryable"),
        why=table.text("why"),
        help=table.texts("help"),
        changes=table.tables("changes", _change),
        evidence=table.tables("evidence", _evidence),
        references=table.texts("references"),
    )


def _finding(table: _Table) -> LintFinding:
    return LintFinding(
        id=table.text("id"),
        severity=table.word("severity", Severity),
        key=table.text("key"),
        message=table.text("message"),
        help=table.texts("help"),
    )


def _drift(table: _Table) -> Drift:
    return Drift(table.text("what"), table.value("before"), table.value("now"))


def _change(table: _Table) -> Change:
    return Change(table.text("key"), table.value("value"), table.flag("verified"))


def _evidence(table: _Table) -> Evidence:
    return Evidence(table.whole("event"), table.text("text"), table.spans())


def _event(table: _Table) -> Event:
    return Event(
        table.whole("n"), table.number("at_ms"), table.word("who", Who), table.text("text")
    )
