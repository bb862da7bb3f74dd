"""Observations and a catalogue in, diagnoses out; nothing else is looked at, so that a saved
report can be judged again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from smtpcheck.catalog.cause import Catalog
from smtpcheck.catalog.matcher import Match, best
from smtpcheck.diagnosis.disproved import without_disproved
from smtpcheck.diagnosis.evidence import evidence_of
from smtpcheck.diagnosis.facts import FactSet, facts_of_run
from smtpcheck.diagnosis.placeholder import fill, fill_value, for_target, steps
from smtpcheck.diagnosis.precheck import with_findings
from smtpcheck.diagnosis.proven import with_proof
from smtpcheck.diagnosis.proxy_advice import by_origin
from smtpcheck.diagnosis.verdict import stages_passed, wants_anything
from smtpcheck.model.diagnosis import Change, Diagnosis, Evidence, Severity
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations

_MOST_EVIDENCE: Final = 8
_LONGEST: Final = 800
"""Characters of a sentence of evidence: a greeting within it may be of any length."""
_PASSING: Final = ("timeout", "reset", "closed", "deadline", "try-again")
"""Kinds of silence and error that may be over at the next attempt."""


def judge(observations: Observations, catalog: Catalog) -> tuple[Diagnosis, ...]:
    """The causes found, errors first; the first is the one to stand behind.

    A cause is there once, with the evidence of all its findings. What no rule explains gives no
    diagnosis: none is invented. Each expectation that is not met has one of its own. What an
    experiment proved is a verified change of the first, and what one disproved is not proposed.
    What lint found, and may explain the failure, is said beside the first.
    """
    found: dict[str, Diagnosis] = {}
    for judged in facts_of_run(observations):
        match = best(judged.facts, catalog)
        if match is not None:
            made = _diagnosis(match, judged, observations)
            known = found.get(made.cause)
            found[made.cause] = made if known is None else _together(known, made)
    every = [*found.values(), *_unmet(observations, catalog)]
    ordered = sorted(every, key=lambda each: each.severity is not Severity.ERROR)
    told = with_proof(without_disproved(ordered, observations), observations)
    return with_findings(told, observations)


def _unmet(observations: Observations, catalog: Catalog) -> Iterator[Diagnosis]:
    """One for each, also where two have the same cause: errors where every stage passed, else
    beside the failure."""
    if not wants_anything(observations.settings):
        return
    from smtpcheck.diagnosis.expectations import unmet

    events = {event.n: event for event in observations.transcript}
    settings = observations.settings
    severity = Severity.ERROR if stages_passed(observations) else Severity.WARNING
    for each in unmet(observations):
        facts = {**settings, **each.facts}
        match = best(facts, catalog)
        if match is None:
            continue
        said = f"expect.{each.key}: wanted: {each.wanted}; seen: {each.seen}"
        judged = FactSet(facts, severity, each.stage, "", said)
        quoted = (events[number] for number in each.quoted[:_MOST_EVIDENCE] if number in events)
        lines = (Evidence(event.n, f"{event.who} {event.text}") for event in quoted)
        made = _diagnosis(match, judged, observations)
        yield replace(made, evidence=(Evidence(0, said[:_LONGEST]), *lines))


def _diagnosis(match: Match, judged: FactSet, observations: Observations) -> Diagnosis:
    cause, rule, facts = match.cause, match.rule, judged.facts
    changes = cause.changes if rule.changes is None else rule.changes
    return Diagnosis(
        cause=cause.id,
        severity=cause.severity or judged.severity,
        title=cause.title,
        stage=judged.stage,
        confidence=rule.confidence,
        owner=rule.owner or cause.owner,
        retryable=retryable(match, facts),
        why=fill(rule.why or cause.why, facts),
        help=tuple(
            for_target(step, facts)
            for step in steps((by_origin(each, facts) for each in rule.help or cause.help), facts)
        ),
        changes=tuple(
            Change(change.key, value, verified=False)
            for change in changes
            if (value := fill_value(change.value, facts)) is not None
            and facts.get(change.key) != value  # a change that changes nothing is no fix
        ),
        evidence=evidence_of(match, judged, observations.transcript),
        references=cause.references,
    )


def retryable(match: Match, facts: Facts) -> bool:
    """Whether the same attempt may succeed later.

    A rule's own word wins; else a 4yz reply, a timeout, a reset or a close makes it so, and the
    cause's word holds for the rest.
    """
    if match.rule.retryable is not None:
        return match.rule.retryable
    code = facts.get("reply.code")
    return (
        match.cause.retryable
        or (isinstance(code, int) and 400 <= code < 500)
        or facts.get("silence.kind") in _PASSING
        or facts.get("error.kind") in _PASSING
        or (facts.get("step") == "dns.query" and facts.get("status") == "timeout")
    )


def _together(known: Diagnosis, more: Diagnosis) -> Diagnosis:
    """The worse and earlier of two findings of one cause, with the evidence of both."""
    first, second = known, more
    if known.severity is Severity.WARNING and more.severity is Severity.ERROR:
        first, second = more, known
    evidence = (*first.evidence, *(each for each in second.evidence if each not in first.evidence))
    return replace(first, evidence=evidence[:_MOST_EVIDENCE])
