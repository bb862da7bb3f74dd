"""Candidates proved side by side: a probe of each up to EHLO inside verified TLS, no login."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smtpcheck.api.job import Job
from smtpcheck.api.many import probe_many
from smtpcheck.model.discovery import Candidate, Proof
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from smtpcheck.probe.deadline import Deadline
    from smtpcheck.store.origin import LoadedProfile

_PLACEHOLDER = "candidate.invalid"
_TIMEOUT = 10.0
"""Seconds that a candidate may keep one wait, unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all candidates have in common."""

    loaded: LoadedProfile
    overrides: Mapping[str, str]

    @classmethod
    def checked(cls, overrides: Mapping[str, str]) -> Settings:
        """Settings by key, checked. Raises ProfileError."""
        given = {"server.timeout": str(_TIMEOUT), **overrides}
        return cls(_profile(_PLACEHOLDER, 465, "tls", given), given)


def prove(
    candidates: Sequence[Candidate], settings: Settings, resolver: str, clock: Deadline
) -> tuple[Candidate, ...]:
    """The candidates, each with what its probe showed. Raises KeyboardInterrupt."""
    plan = Plan(
        until="ehlo",
        deliver=False,
        deadline=max(clock.remaining(), 0.1),
        resolver=resolver,
        experiments=False,
    )
    jobs = []
    for each in candidates:
        loaded = _profile(each.host, each.port, each.security, settings.overrides)
        jobs.append(Job(f"{each.host}:{each.port}", loaded, plan))
    report = probe_many(jobs, at_once=len(jobs))
    if any(target.outcome is Outcome.INTERRUPTED for target in report.targets):
        raise KeyboardInterrupt
    return tuple(
        _judged(each, target) for each, target in zip(candidates, report.targets, strict=True)
    )


def _profile(host: str, port: int, security: str, given: Mapping[str, str]) -> LoadedProfile:
    from smtpcheck.store.profile_reader import profile_from_settings

    server: dict[str, Any] = {"host": host, "port": port, "security": security}
    return profile_from_settings({"server": server}, overrides=given, environment={})


def _judged(candidate: Candidate, target: TargetReport) -> Candidate:
    facts = _facts(target)
    made = replace(candidate, elapsed_ms=sum(s.elapsed_ms for s in target.observations.stages))
    if target.outcome is not Outcome.PASSED or not facts.get("verified"):
        first = next(iter(target.diagnoses), None)
        words = first.title if first else _failed_words(target)
        return replace(made, proof=Proof.FAILED, cause=first.cause if first else "", summary=words)
    listed = facts.get("mechanisms")
    offered = tuple(str(each) for each in listed) if isinstance(listed, Sequence) else ()
    if not offered:
        words = f"{facts.get('version')}, but no login is offered"
        return replace(made, proof=Proof.NO_LOGIN, summary=words)
    words = f"{facts.get('version')}, AUTH {' '.join(offered)}"
    return replace(made, proof=Proof.PROVED, summary=words, mechanisms=offered)


def _facts(target: TargetReport) -> Facts:
    """What the handshake and the EHLO inside it showed."""
    found = {step.step: step.facts for s in target.observations.stages for step in s.steps}
    return {**found.get("tls.ehlo", {}), **found.get("tls.handshake", {})}


def _failed_words(target: TargetReport) -> str:
    failed = next((s.failed_step for s in target.observations.stages if s.failed_step), None)
    return failed.summary if failed else "it did not get through"
