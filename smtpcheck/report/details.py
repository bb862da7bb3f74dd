"""Every fact of a step, for readers who asked for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import Step
from smtpcheck.report.facts import (
    number_of,
    table_of,
    tables_of,
    text_of,
    texts_of,
    whole_of,
)
from smtpcheck.report.rows import Role, Row, hanging, row, shown
from smtpcheck.report.style import Style
from smtpcheck.report.words import days_left, duration

_INDENT = 7
_LABEL = 22
_NARROW = 64
# The conversation that follows holds these word for word, or another row of the step does.
_SHOWN_ELSEWHERE = frozenset(
    (
        *("reply.code", "reply.enhanced", "reply.text", "reply.lines", "reply.event"),
        *("reply.command", "silence.event", "silence.command", "silence.waited_ms", "error.event"),
        *("attempts", "chain", "extensions", "keywords", "gained", "lost", "problems", "replies"),
        *("choices", "usable", "messages"),
    )
)


def fact_rows(step: Step, style: Style) -> list[Row]:
    """The facts of a step, a row for each; what is empty is left out."""
    facts = step.facts
    rows: list[Row] = []
    for attempt in tables_of(facts, "attempts"):
        rows += _detail("attempt", _attempt(attempt), style)
    for depth, certificate in enumerate(tables_of(facts, "chain")):
        rows += _certificate_rows(depth, certificate, style)
    extensions = table_of(facts, "extensions")
    if extensions:
        offered = (f"{name} {value}".strip() for name, value in extensions.items())
        rows += _detail("extensions", ", ".join(offered), style)
    rows += _difference_rows(facts, style)
    for choice in tables_of(facts, "choices"):
        rows += _detail("on offer", _choice(choice), style)
    for problem in tables_of(facts, "problems"):
        rows += _detail("problem", _problem(problem), style)
    for name, words in table_of(facts, "replies").items():
        rows += _detail("reply", f"{name}: {_value(words)}", style)
    for name, value in _flat(facts):
        if name not in _SHOWN_ELSEWHERE and value not in (None, "", [], (), {}):
            rows += _detail(name, _value(value), style)
    return rows


def message_rows(step: Step, style: Style) -> list[Row]:
    """The answer to each of several messages, a row for each."""
    rows: list[Row] = []
    for each in tables_of(step.facts, "messages"):
        took = number_of(each, "elapsed_ms")
        time = f" in {duration(took)}" if took is not None else ""
        said = f"{text_of(each, 'outcome')}{time}: {text_of(each, 'answer')}"
        rows += _detail(f"message {whole_of(each, 'message')}", said, style)
    return rows


def _flat(facts: Facts) -> Iterator[tuple[str, Json]]:
    for name, value in facts.items():
        if isinstance(value, Mapping) and name not in _SHOWN_ELSEWHERE:
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield name, value


def _detail(name: str, text: str, style: Style) -> list[Row]:
    depth = len(name) - len(name.lstrip(" "))
    column = _LABEL - depth if style.width >= _NARROW else 0
    label = f"{' ' * (_INDENT + depth)}{shown(name, style) + ':':<{column}} "
    return hanging(row((label, Role.SKIPPED)), shown(text, style, limit=1200), style)


def _attempt(attempt: Facts) -> str:
    parts = [text_of(attempt, "address"), text_of(attempt, "family"), text_of(attempt, "outcome")]
    error, number = text_of(attempt, "error"), whole_of(attempt, "errno")
    if error:
        parts.append(f"{error} (errno {number})" if number else error)
    elapsed = number_of(attempt, "elapsed_ms")
    if elapsed is not None:
        parts.append(duration(elapsed))
    return ", ".join(part for part in parts if part)


def _certificate_rows(depth: int, certificate: Facts, style: Style) -> list[Row]:
    names = texts_of(certificate, "names")
    days = number_of(certificate, "days_left")
    left = "" if days is None else f" ({days_left(days)})"
    dates = f"{text_of(certificate, 'not_before')} to {text_of(certificate, 'not_after')}{left}"
    rows = _detail(f"certificate {depth}", text_of(certificate, "subject"), style)
    if names:
        rows += _detail("  names", ", ".join(names), style)
    rows += _detail("  issuer", text_of(certificate, "issuer"), style)
    rows += _detail("  valid", dates, style)
    for name in ("serial", "sha256", "key", "bits", "signature"):
        if certificate.get(name):
            rows += _detail(f"  {name}", _value(certificate[name]), style)
    return rows


def _difference_rows(facts: Facts, style: Style) -> list[Row]:
    gained, lost = texts_of(facts, "gained"), texts_of(facts, "lost")
    rows: list[Row] = []
    if gained:
        rows += _detail("new after TLS", ", ".join(gained), style)
    if lost:
        rows += _detail("gone after TLS", ", ".join(lost), style)
    return rows


def _choice(choice: Facts) -> str:
    """A mechanism of the server, and whether this profile could use it."""
    can = "usable" if choice.get("usable") else f"not usable: {text_of(choice, 'reason')}"
    early = choice.get("before_tls") and choice.get("offered")
    return f"{text_of(choice, 'name')}, {can}{' (also offered before TLS)' if early else ''}"


def _problem(problem: Facts) -> str:
    rest = {name: value for name, value in problem.items() if name != "kind" and value != ""}
    kind = text_of(problem, "kind")
    return f"{kind}: {_value(rest)}" if rest else kind


def _value(value: Json) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(each)}" for name, each in value.items())
    return ", ".join(_value(each) for each in value)
