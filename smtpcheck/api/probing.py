"""A job in, a report out: the probe, its experiments, the judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from smtpcheck.api.job import Job, check_job, notes_of, sends_a_message, settings_of
from smtpcheck.api.judging import judged
from smtpcheck.api.precheck import settings_findings
from smtpcheck.api.signing import signer_of, signing_notes
from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.progress import Watcher, nobody
from smtpcheck.model.report import TargetReport
from smtpcheck.model.secret import Secret, SecretRef
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.model.token import Token

if TYPE_CHECKING:
    from smtpcheck.api.proofs import Proofs
    from smtpcheck.api.retrying import Attempts, Turn
    from smtpcheck.probe.recorder import Recorder
    from smtpcheck.probe.refused import Refused
    from smtpcheck.probe.run import Look, Run, Score
    from smtpcheck.probe.runner import AfterFailure
    from smtpcheck.store.origin import LoadedProfile

Ask = Callable[[str], str]
DISABLED = "the profile is disabled"
CUT_OFF = "interrupted before this target was done"


def probe(
    job: Job,
    *,
    watcher: Watcher = nobody,
    ask: Ask | None = None,
    refused: Refused | None = None,
    proofs: Proofs | None = None,
) -> TargetReport:
    """Probes one target and judges what was seen. `refused`: the logins that are not to be tried
    again; `proofs`: the experiments that are not to be made again. Raises UsageError for settings
    that this version does not use."""
    from smtpcheck.probe.recorder import Recorder

    return _probe(job, Recorder(job.target, watcher), ask, refused, proofs)


def probe_or_skip(
    job: Job, recorder: Recorder, ask: Ask | None = None, refused: Refused | None = None
) -> TargetReport:
    """One of many targets, or what is said of one that is disabled. `refused`: the logins that
    the run is not to try again."""
    if job.loaded.profile.enabled:
        recorder.restart()
        return _probe(job, recorder, ask, refused)
    return _untouched(job, Outcome.SKIPPED, ExitCode.OK, DISABLED)


def probe_in_turns(job: Job, recorder: Recorder, ask: Ask | None, refused: Refused) -> Attempts:
    """The same as a generator of the waits before further attempts."""
    if not (job.plan.retries and job.loaded.profile.enabled):
        return probe_or_skip(job, recorder, ask, refused)
    check_job(job)
    recorder.restart()
    return (yield from _attempts(job, recorder, ask, refused))


def cut_off(job: Job, recorder: Recorder) -> TargetReport:
    """What is known of a target that an interrupt caught before it was done."""
    from smtpcheck.probe.runner import seen_so_far

    if not job.loaded.profile.enabled:
        return probe_or_skip(job, recorder)
    if recorder.began or recorder.attempts:
        from smtpcheck.api.retrying import finished, interrupted

        seen = seen_so_far(recorder, settings_of(job), interrupted=True)
        target = _reported(job, replace(seen, findings=settings_findings(job.loaded)), (CUT_OFF,))
        return (interrupted if recorder.waiting else finished)(target, recorder)
    return _untouched(job, Outcome.INTERRUPTED, ExitCode.INTERRUPTED, CUT_OFF)


def _probe(
    job: Job,
    recorder: Recorder,
    ask: Ask | None,
    refused: Refused | None = None,
    proofs: Proofs | None = None,
) -> TargetReport:
    loaded, profile = job.loaded, job.loaded.profile
    if not profile.enabled:
        raise UsageError(
            f"the profile {job.target} is disabled",
            [f"enable it: smtpcheck profile set {loaded.name or job.target} enabled true"],
        )
    check_job(job)
    if not job.plan.retries:
        return _attempt(job, recorder, ask, refused, proofs=proofs)
    from smtpcheck.api.retrying import in_turn

    return in_turn(_attempts(job, recorder, ask, refused))


def _attempts(job: Job, recorder: Recorder, ask: Ask | None, refused: Refused | None) -> Attempts:
    from smtpcheck.api.retrying import attempts
    from smtpcheck.probe.refused import Refused

    # A login that was refused is refused for the later attempts too.
    attempt = partial(_attempt, job, recorder, ask, refused or Refused())
    return attempts(job.plan, recorder, attempt, judged)


def _attempt(
    job: Job,
    recorder: Recorder,
    ask: Ask | None,
    refused: Refused | None,
    turn: Turn | None = None,
    proofs: Proofs | None = None,
) -> TargetReport:
    """`turn`: what it is told as one of several."""
    from smtpcheck.probe.runner import run_probe

    profile, plan = job.loaded.profile, job.plan
    if turn is not None:
        plan = replace(plan, deadline=turn.seconds)
    sign = signer_of(profile) if sends_a_message(job) else None
    findings = settings_findings(job.loaded)
    ran = run_probe(
        profile,
        plan,
        recorder,
        settings=settings_of(job),
        read_secret=_secret_reader(job, plan.deadline, ask),
        read_token=_token_reader(job, ask),
        sign=sign,
        refused=refused,
        score=_scorer(job),
        look=_looker(job, ask),
        peer=turn.peer if turn else "",
        again=turn.again if turn else None,
        after_failure=_experiments(job, proofs) if plan.experiments else None,
    )
    notes = signing_notes(profile, plan) if sign else ()
    seen = replace(ran.observations, findings=findings) if findings else ran.observations
    return _reported(job, seen, (*notes, *ran.notes))


def _experiments(job: Job, proofs: Proofs | None) -> AfterFailure:
    """Observes more after a failure, to tell causes apart; nothing of it is imported before."""

    def make(run: Run, seen: Observations) -> tuple[ExperimentResult, ...]:
        from smtpcheck.diagnosis.experiment import Known
        from smtpcheck.diagnosis.experiments import choose
        from smtpcheck.probe.experiments import make_experiments, repeated
        from smtpcheck.store.presets import outlines

        diagnoses = judged(seen)
        if proofs is not None and (earlier := proofs.known(job, seen, diagnoses)) is not None:
            return repeated(run, earlier)
        known = Known(
            becomes=_becomes(job.loaded),
            presets=outlines,
            preset=job.loaded.preset,
            resolver=job.plan.resolver,
        )
        made = make_experiments(run, seen, lambda now: choose(now, diagnoses, known))
        if proofs is not None:
            proofs.keep(job, seen, diagnoses, made)
        return made

    return make


def _becomes(loaded: LoadedProfile) -> Callable[[Mapping[str, Json]], tuple[int, str] | None]:
    """Port and security that the profile would have with changes: one may follow from the other,
    or both from the preset."""
    from smtpcheck.store.build import value_of
    from smtpcheck.store.origin import Source
    from smtpcheck.store.profile_reader import profile_from_settings

    @cache
    def stronger() -> dict[str, str]:
        return {
            key: str(value_of(loaded.profile, key))
            for key in ("preset", "server.host", "server.port", "server.security")
            if loaded.origins[key].source in (Source.FLAG, Source.ENVIRONMENT)
        }

    @cache
    def of_texts(texts: tuple[tuple[str, str], ...]) -> tuple[int, str] | None:
        try:
            made = profile_from_settings(
                loaded.data, overrides={**stronger(), **dict(texts)}, environment={}
            )
        except ProfileError:
            return None
        return made.profile.port, made.profile.security

    return lambda changes: of_texts(tuple((key, str(value)) for key, value in changes.items()))


def _reported(job: Job, seen: Observations, notes: tuple[str, ...]) -> TargetReport:
    from smtpcheck.api.again import again_of, extras_of
    from smtpcheck.diagnosis.verdict import verdict

    compared: tuple[str, ...] = ()
    if job.before is not None:
        from smtpcheck.api.baseline import compare

        seen, compared = compare(job.before, seen)
    outcome, code = verdict(seen)
    diagnoses = judged(seen)
    return TargetReport(
        target=job.target,
        profile=job.loaded.name,
        outcome=outcome,
        exit_code=code,
        observations=seen,
        diagnoses=diagnoses,
        notes=(
            *job.notes,
            *notes_of(job),
            *notes,
            *_score_notes(seen),
            *_lint_notes(seen, diagnoses),
            *compared,
            *_expectation_notes(seen),
        ),
        options=(*job.options, *extras_of(job)),
        again=again_of(job),
    )


def _score_notes(seen: Observations) -> list[str]:
    """How the answer of a public spam-score address is read, where it was sent a message."""
    facts = {step.step: step.facts for stage in seen.stages for step in stage.steps}
    if "queue_id" not in facts.get("send.message", {}):
        return []
    from smtpcheck.api.score_addresses import score_notes

    accepted = facts["send.rcpt"].get("accepted")
    return score_notes(str(each) for each in accepted) if isinstance(accepted, list) else []


def _lint_notes(seen: Observations, diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    if not seen.findings:
        return ()
    from smtpcheck.diagnosis.precheck import lint_notes

    return lint_notes(seen, diagnoses)


def _expectation_notes(seen: Observations) -> tuple[str, ...]:
    from smtpcheck.diagnosis.verdict import wants_anything

    if not wants_anything(seen.settings):
        return ()
    from smtpcheck.diagnosis.expectations import expectation_notes

    return expectation_notes(seen)


def _secret_reader(job: Job, seconds: float, ask: Ask | None) -> Callable[[SecretRef], Secret]:
    from smtpcheck.probe.deadline import Deadline
    from smtpcheck.store.secrets import LIMIT, owner_of, read_secret

    profile = job.loaded.profile
    deadline = Deadline(seconds)

    def read(ref: SecretRef) -> Secret:
        purpose = "auth.password"
        if profile.tls.client_key_password is ref:
            purpose = "tls.client_key_password"
        elif profile.proxy is not None and profile.proxy.password is ref:
            purpose = "proxy.password"
        return read_secret(
            ref,
            purpose=purpose,
            profile_name=job.loaded.name,
            username=owner_of(profile, purpose),
            ask=ask,
            limit=min(LIMIT, deadline.remaining()),
        )

    return read


def _scorer(job: Job) -> Score | None:
    if not job.plan.spam_score:
        return None
    from smtpcheck.confirm.spam_score import spam_score

    return spam_score


def _looker(job: Job, ask: Ask | None) -> Look | None:
    if not job.plan.confirm:
        return None
    from smtpcheck.api.confirming import looker

    return looker(job, ask)


def _token_reader(job: Job, ask: Ask | None) -> Callable[[float], Token]:
    def read(seconds: float) -> Token:
        from smtpcheck.api.login import token_for

        return token_for(job.loaded, seconds=seconds, ask=ask)

    return read


def _untouched(job: Job, outcome: Outcome, code: ExitCode, note: str) -> TargetReport:
    nothing = Observations(settings_of(job), ())
    return TargetReport(job.target, job.loaded.name, outcome, code, nothing, notes=(note,))
