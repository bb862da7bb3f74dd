"""A pasted text and a catalogue in, diagnoses out; the words for a text that shows none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from smtpcheck.catalog.cause import Catalog
from smtpcheck.catalog.condition import squeezed
from smtpcheck.catalog.matcher import Match, ranking
from smtpcheck.diagnosis.judge import retryable
from smtpcheck.diagnosis.pasted.client import may_be_mail
from smtpcheck.diagnosis.pasted.failures import read_text
from smtpcheck.diagnosis.pasted.nature import Nature, completeness, nature_of
from smtpcheck.diagnosis.pasted.payload import masked
from smtpcheck.diagnosis.pasted.reading import Failure, Reading
from smtpcheck.diagnosis.placeholder import fill, fill_value, steps
from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Evidence, Severity
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

_TELLING: Final = frozenset(
    (
        "reply.text",
        "reply.enhanced",
        "text",
        "error.kind",
        "problem.kind",
        "silence.kind",
        "offered",
    )
)
"""Facts of which a rule must pin one that the text shows; stage or code alone are too little."""
_CONSEQUENCES: Final = frozenset(
    (
        "session-connection-lost",
        "refusal-unexplained",
        "protocol-out-of-sync",
        "policy-rejected",
        "reply-timeout",
    )
)
"""Causes that often follow from another one in the same text."""
_OF_THE_TEXT: Final = frozenset(
    ("text", "client", "exceptions", "server.port", "server.security", "server.host", "provider")
)
"""Facts that every failure of a text has: they say nothing of the one that is judged."""
_LAYERS_BELOW: Final = ("dns", "tcp")
_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a text says: diagnoses, the best first; or why there are none."""

    diagnoses: tuple[Diagnosis, ...]
    nature: Nature


@dataclass(frozen=True, slots=True)
class _Found:
    failure: Failure
    match: Match
    confidence: Confidence

    @property
    def key(self) -> tuple[int, int, int, str]:
        strength = 10 * self.confidence.rank - 6 * self.failure.tier
        if self.match.cause.id in _CONSEQUENCES:
            strength -= 5
        return (-strength, self.failure.number, -self.match.pinned, self.match.cause.id)


def explain_text(text: str, catalog: Catalog) -> Explanation:
    """The causes that the text shows, the one to stand behind first. A text that is about
    something else, or that ends well, has none."""
    reading = read_text(text)
    nature = nature_of(reading)
    if nature.silent:
        return Explanation((), nature)
    found = _found(reading, catalog)
    if not found:
        return Explanation((), nature)
    sure = completeness(text, reading)
    made: dict[str, Diagnosis] = {}
    for each in [found[0], *filter(_stands_alone, found[1:])][:_MOST]:
        confidence = _lowered(each, found, complete=sure)
        made.setdefault(each.match.cause.id, _diagnosis(each, reading, confidence))
    return Explanation(tuple(made.values()), nature)


def winner(text: str, catalog: Catalog) -> tuple[Mapping[str, Json], Match] | None:
    """The facts and the rule that decide; None when none does."""
    reading = read_text(text)
    found = [] if nature_of(reading).silent else _found(reading, catalog)
    return (found[0].failure.facts, found[0].match) if found else None


def _found(reading: Reading, catalog: Catalog) -> list[_Found]:
    best: dict[str, _Found] = {}
    for failure in reading.failures:
        match = _best(failure, reading, catalog)
        if match is None or _is_mere_number(failure, match, reading):
            continue
        made = _Found(failure, match, _confidence(match, failure))
        known = best.get(match.cause.id)
        if known is None or made.key < known.key:
            best[match.cause.id] = made
    found = sorted(best.values(), key=lambda each: each.key)
    return _without_consequences(found)


def _stands_alone(found: _Found) -> bool:
    """Whether a further cause is worth telling beside the first: named outright, not a guess."""
    consequence = found.match.cause.id in _CONSEQUENCES
    return found.failure.tier == 0 and found.confidence.rank > 0 and not consequence


def _best(failure: Failure, reading: Reading, catalog: Catalog) -> Match | None:
    """The first rule that may be used; one that pins nothing of the failure itself, but only words
    somewhere in the text, goes behind those that do."""
    aside: Match | None = None
    for match in ranking(failure.facts, catalog, failure.open or {"": None}):
        if match.presumed and not _telling(match):
            continue
        if failure.tier == 2:
            if _in_words(match, reading):
                return match
            continue
        if not _of_the_text_only(match):
            sure = match.rule.confidence.rank > 0 and match.cause.id not in _CONSEQUENCES
            return match if aside is None or sure else aside
        aside = aside or match
    return aside


def _is_mere_number(failure: Failure, match: Match, reading: Reading) -> bool:
    """A number that no rule explains, in a text that does not speak of mail, is no reply code."""
    known = match.cause.id != "refusal-unexplained" or failure.facts.get("reply.enhanced")
    whole = any(
        each.whole and each.number == failure.number for each in reading.conversation.replies
    )
    return not (whole or known or reading.of_mail)


def _telling(match: Match) -> bool:
    return bool((_pinned(match) - set(match.presumed)) & _TELLING)


def _pinned(match: Match) -> set[str]:
    return {
        name
        for name, conditions in match.rule.when.items()
        if any(condition.pins for condition in conditions)
    }


def _of_the_text_only(match: Match) -> bool:
    return _pinned(match) <= _OF_THE_TEXT


def _in_words(match: Match, reading: Reading) -> bool:
    """Whether a rule that is held against mere words pins some of them; the words of a reply only
    where the text may come from a mail server."""
    pinned = _pinned(match)
    if "text" in pinned:
        return True
    return "reply.text" in pinned and (reading.of_mail or may_be_mail(str(reading.common["text"])))


def _confidence(match: Match, failure: Failure) -> Confidence:
    given = match.rule.confidence
    guessed = set(match.presumed) - {"stage", "step"}
    below = failure.facts.get("stage") in _LAYERS_BELOW and "reply.code" not in failure.facts
    if given is Confidence.CERTAIN and (guessed or failure.tier or below):
        return Confidence.LIKELY
    return given


def _without_consequences(found: Sequence[_Found]) -> list[_Found]:
    """A login that failed explains why a later command wants one; a server that wants TLS first
    offers no login before."""
    login_failed = any(
        each.failure.facts.get("reply.command") == "AUTH" and each.match.cause.id != "auth-required"
        for each in found
    )
    needs_tls = any(each.match.cause.id == "starttls-required" for each in found)
    explained = {"auth-required"} if login_failed else set()
    explained |= {"auth-not-offered"} if needs_tls else set()
    return [each for each in found if each.match.cause.id not in explained]


def _lowered(each: _Found, found: Sequence[_Found], *, complete: bool) -> Confidence:
    """Certain only where the text is whole and tells of one thing."""
    rivals = [
        other
        for other in found
        if other.match.cause.id != each.match.cause.id
        and other.failure.tier == 0
        and other.confidence.rank >= 1
    ]
    if each.confidence is Confidence.CERTAIN and (rivals or not complete):
        return Confidence.LIKELY
    return each.confidence


def _diagnosis(each: _Found, reading: Reading, confidence: Confidence) -> Diagnosis:
    match, facts = each.match, each.failure.facts
    cause, rule = match.cause, match.rule
    changes = cause.changes if rule.changes is None else rule.changes
    stage = facts.get("stage")
    shown = {name: value for name, value in facts.items() if name != "text"}
    return Diagnosis(
        cause=cause.id,
        severity=cause.severity or Severity.ERROR,
        title=cause.title,
        stage=stage if isinstance(stage, str) else "",
        confidence=confidence,
        owner=rule.owner or cause.owner,
        retryable=retryable(match, facts),
        why=masked(fill(rule.why or cause.why, shown)),
        help=tuple(map(masked, steps(rule.help or cause.help, shown))),
        changes=tuple(
            Change(change.key, value, verified=False)
            for change in changes
            if (value := fill_value(change.value, shown)) is not None
        ),
        evidence=_evidence(each, reading),
        references=cause.references,
    )


def _evidence(each: _Found, reading: Reading) -> tuple[Evidence, ...]:
    words = [
        squeezed(word)
        for name, found in each.match.words(each.failure.facts).items()
        if name in ("reply.text", "text", "error.message", "reply.enhanced")
        for word in found
    ]
    first, last = each.failure.number, each.failure.last
    numbered = {line.number: line.raw for line in reversed(reading.lines)}
    if not first:
        first, last = _where(words, numbered)
    made = []
    for number in range(first, min(last, first + 5) + 1):
        raw = numbered.get(number)
        if raw is not None:
            shown = masked(raw)
            made.append(Evidence(number, shown, _spans(shown, words)))
    return tuple(made)


def _where(words: Sequence[str], numbered: Mapping[int, str]) -> tuple[int, int]:
    for number in sorted(numbered):
        low = squeezed(numbered[number])
        if any(word in low for word in words):
            return number, number
    return 1, 0


def _spans(text: str, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    low = text.lower()
    spans = []
    for word in words:
        at = low.find(word)
        if at >= 0 and len(low) == len(text):
            spans.append((at, at + len(word)))
    return tuple(sorted(set(spans)))[:4]


def lower(diagnosis: Diagnosis, confidence: Confidence) -> Diagnosis:
    """The diagnosis with at most this confidence."""
    if diagnosis.confidence.rank <= confidence.rank:
        return diagnosis
    return replace(diagnosis, confidence=confidence)
