"""Where the parts meet: a target in, a report out. The public Python API."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.plan import Plan
from smtpcheck.model.profile import Profile
from smtpcheck.model.progress import Watcher, nobody
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.secret import Secret, SecretRef
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.model.target import (
    PROFILE_NAME,
    Address,
    Named,
    ProfileFile,
    as_address,
    parse_target,
)

if TYPE_CHECKING:
    from smtpcheck.diagnosis.explain import Explanation
    from smtpcheck.probe.recorder import Recorder
    from smtpcheck.probe.refused import Refused
    from smtpcheck.probe.run import Run
    from smtpcheck.probe.runner import AfterFailure
    from smtpcheck.report.log_groups import LogCounts
    from smtpcheck.store.origin import LoadedProfile

Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Job:
    """One target, ready to be probed."""

    target: str
    """As the user named it."""
    loaded: LoadedProfile
    plan: Plan
    notes: tuple[str, ...] = field(default=())
    overrides: Mapping[str, str] = field(default_factory=dict)
    """The settings of this run alone, by key."""

    @property
    def options(self) -> tuple[str, ...]:
        """The words that make another run like this one, besides the target."""
        settings = [f"{key}={text}" for key, text in self.overrides.items()]
        return (
            *(word for each in settings for word in ("--set", each)),
            *(word for each in self.plan.recipients for word in ("--to", each)),
            *(("--resolver", self.plan.resolver) if self.plan.resolver else ()),
        )


def load_target(
    text: str,
    *,
    plan: Plan | None = None,
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Finds out what a target is and reads its settings. Raises UsageError or ProfileError."""
    from smtpcheck.store.paths import profile_path
    from smtpcheck.store.profile_reader import profile_from_settings, read_profile

    plan = plan or Plan()
    given = dict(overrides or {})
    notes: tuple[str, ...] = ()
    parsed = parse_target(text)
    if isinstance(parsed, ProfileFile):
        loaded = read_profile(Path(parsed.path), overrides=given, environment=environment)
        return Job(text, loaded, plan, overrides=given)
    if isinstance(parsed, Named):
        if PROFILE_NAME.match(parsed.name) and os.path.lexists(profile_path(parsed.name)):
            loaded = read_profile(parsed.name, overrides=given, environment=environment)
            return Job(text, loaded, plan, overrides=given)
        notes = _taken_as_host(parsed.name)
        parsed = as_address(parsed.name)
    loaded = profile_from_settings(
        _settings(parsed), name=None, overrides=given, environment=environment
    )
    if not loaded.profile.wants_login and not plan.until:
        plan = replace(plan, until="ehlo")
    return Job(text, loaded, plan, notes, given)


def probe(job: Job, *, watcher: Watcher = nobody, ask: Ask | None = None) -> TargetReport:
    """Probes one target and judges what was seen. Raises UsageError for settings that this
    version does not use."""
    from smtpcheck.probe.recorder import Recorder

    return _probe(job, Recorder(job.target, watcher), ask)


def _probe(
    job: Job, recorder: Recorder, ask: Ask | None, refused: Refused | None = None
) -> TargetReport:
    from smtpcheck.probe.runner import run_probe

    loaded, profile = job.loaded, job.loaded.profile
    if not profile.enabled:
        raise UsageError(
            f"the profile {job.target} is disabled",
            [f"enable it: smtpcheck profile set {loaded.name or job.target} enabled true"],
        )
    check_job(job)
    ran = run_probe(
        profile,
        job.plan,
        recorder,
        settings=settings_of(job),
        read_secret=_secret_reader(job, ask),
        refused=refused,
        after_failure=_experiments(job) if job.plan.experiments else None,
    )
    return _reported(job, ran.observations, ran.notes)


def _experiments(job: Job) -> AfterFailure:
    """Observes more after a failure, to tell causes apart; nothing of it is imported before."""

    def make(run: Run, seen: Observations) -> tuple[ExperimentResult, ...]:
        from smtpcheck.diagnosis.experiment import Known
        from smtpcheck.diagnosis.experiments import choose
        from smtpcheck.probe.experiments import make_experiments
        from smtpcheck.store.presets import list_presets

        diagnoses = _judged(seen)
        known = Known(
            becomes=_becomes(job.loaded),
            presets=list_presets,
            preset=job.loaded.preset,
            resolver=job.plan.resolver,
        )
        return make_experiments(run, seen, lambda now: choose(now, diagnoses, known))

    return make


def _becomes(loaded: LoadedProfile) -> Callable[[Mapping[str, Json]], tuple[int, str] | None]:
    """Port and security that the profile would have with changes: one may follow from the other,
    or both from the preset."""
    from smtpcheck.store.build import value_of
    from smtpcheck.store.origin import Source
    from smtpcheck.store.profile_reader import profile_from_settings

    stronger = {
        key: str(value_of(loaded.profile, key))
        for key in ("preset", "server.host", "server.port", "server.security")
        if loaded.origins[key].source in (Source.FLAG, Source.ENVIRONMENT)
    }

    def becomes(changes: Mapping[str, Json]) -> tuple[int, str] | None:
        texts = {key: str(value) for key, value in changes.items()}
        try:
            made = profile_from_settings(
                loaded.data, overrides={**stronger, **texts}, environment={}
            )
        except ProfileError:
            return None
        return made.profile.port, made.profile.security

    return becomes


def _reported(job: Job, seen: Observations, notes: tuple[str, ...]) -> TargetReport:
    from smtpcheck.diagnosis.verdict import verdict

    outcome, code = verdict(seen)
    return TargetReport(
        target=job.target,
        profile=job.loaded.name,
        outcome=outcome,
        exit_code=code,
        observations=seen,
        diagnoses=_judged(seen),
        notes=(*job.notes, *_notes_of(job.loaded), *notes),
        options=job.options,
    )


def probe_many(
    jobs: Sequence[Job], *, at_once: int, watcher: Watcher = nobody, ask: Ask | None = None
) -> Report:
    """Probes all targets, so many side by side, and joins them to one report in their order."""
    from smtpcheck.probe.recorder import Recorder

    started = datetime.now(UTC)
    if len(jobs) == 1:
        only = Recorder(jobs[0].target, watcher)
        return report_of(started, [_skip_or_probe(jobs[0], only, ask)])
    for job in jobs:
        _check_one_of_many(job)
    from smtpcheck.probe.refused import Refused
    from smtpcheck.probe.side_by_side import side_by_side

    refused = Refused()
    recorders = [Recorder(job.target, watcher) for job in jobs]
    works = [
        partial(_skip_or_probe, job, recorder, ask, refused)
        for job, recorder in zip(jobs, recorders, strict=True)
    ]
    done = side_by_side(works, at_once)
    return report_of(
        started,
        [
            target if target is not None else _cut_off(job, recorder)
            for job, recorder, target in zip(jobs, recorders, done, strict=True)
        ],
    )


def explain(text: str) -> tuple[Diagnosis, ...]:
    """The causes that a pasted text shows, the best first: an error message, a log, a
    conversation, a bounce. Empty where it shows no failure of SMTP, or none that is known."""
    return explain_fully(text).diagnoses


def explain_fully(text: str) -> Explanation:
    """The same, and what the text is about where it shows no failure."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.explain import explain_text

    return explain_text(text, load_catalog())


def is_log(head: bytes) -> bool:
    """Whether a text that begins so is the log of many messages, for `explain_log`."""
    from smtpcheck.diagnosis.mail_log import is_log as seems

    return seems(head)


def explain_log(pieces: Iterable[bytes]) -> LogCounts:
    """The failures of a log by cause, the commonest first; the log streams past."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.mail_log import MailLog
    from smtpcheck.report.log_groups import CauseCount, LogCounts

    log = MailLog(load_catalog())
    for piece in pieces:
        log.feed(piece)
    causes = tuple(
        CauseCount(group.diagnosis, group.count, group.first, group.last, group.sample)
        for group in log.finish()
    )
    return LogCounts(causes, log.lines, log.delivered, log.unexplained)


def replay(data: Json) -> Report:
    """A saved report, judged again with today's catalogue. Raises UsageError for data that is no
    report."""
    from smtpcheck.diagnosis.verdict import verdict
    from smtpcheck.report.json_reading import report_from_data

    saved = report_from_data(data)
    targets = []
    for target in saved.targets:
        if target.observations.stages:
            outcome, code = verdict(target.observations)
            judged = _judged(target.observations)
            target = replace(target, outcome=outcome, exit_code=code, diagnoses=judged)  # noqa: PLW2901 - the same target
        targets.append(target)
    return replace(report_of(datetime.now(UTC), targets), started=saved.started)


def cause_pages() -> list[dict[str, Json]]:
    """All causes as plain values, in the order of the alphabet."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.cause_page import page_of

    return [page_of(cause) for cause in load_catalog().causes.values()]


def cause_page(cause_id: str) -> dict[str, Json]:
    """One cause as plain values. Raises UsageError for an unknown one, with those like it."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.cause_page import page_of

    causes = load_catalog().causes
    if cause_id in causes:
        return page_of(causes[cause_id])
    from difflib import get_close_matches

    close = get_close_matches(cause_id, causes, 3)
    hints = [f"did you mean {', '.join(close)}?"] if close else []
    raise UsageError(f"there is no cause {cause_id}", [*hints, "list them all: smtpcheck causes"])


@dataclass(frozen=True, slots=True)
class RuleProof:
    """What the check of a folder of rules found."""

    rules: int
    failures: tuple[str, ...]


def prove_rules(folder: Path) -> RuleProof:
    """Holds the rules of a folder to their examples, against the shipped ones besides. Raises
    CatalogError for files that are not well formed."""
    from smtpcheck.catalog.loader import load_catalog, load_with
    from smtpcheck.diagnosis.proof import prove

    shipped = load_catalog().causes
    whole = load_with(folder)
    count = sum(len(cause.rules) for cause in whole.causes.values())
    known = sum(len(cause.rules) for cause in shipped.values())
    return RuleProof(count - known, tuple(str(failure) for failure in prove(whole)))


def report_of(started: datetime, targets: Iterable[TargetReport]) -> Report:
    """Joins targets to a report with one verdict."""
    from smtpcheck.diagnosis.verdict import combine

    every = tuple(targets)
    outcomes = {target.outcome for target in every}
    worst = (Outcome.INTERRUPTED, Outcome.FAILED, Outcome.PASSED)
    return Report(
        started=started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        outcome=next((each for each in worst if each in outcomes), Outcome.SKIPPED),
        exit_code=ExitCode.INTERRUPTED
        if Outcome.INTERRUPTED in outcomes
        else combine(target.exit_code for target in every),
        targets=every,
    )


def _check_one_of_many(job: Job) -> None:
    if not job.loaded.profile.enabled:
        return
    try:
        check_job(job)
    except UsageError as error:
        raise UsageError(f"{job.target}: {error.message}", error.help) from None


def check_job(job: Job) -> None:
    """Raises UsageError for what cannot be done as asked, before a packet is sent: an unknown
    stage, a resolver that is no address, settings that this version knows but does not use."""
    from smtpcheck.probe.auth_steps import speaks
    from smtpcheck.probe.resolve_config import parse_resolver
    from smtpcheck.probe.runner import last_step

    profile = job.loaded.profile
    last_step(job.plan.until, profile.security)
    if job.plan.resolver:
        parse_resolver(job.plan.resolver)
    if profile.proxy is not None:
        raise UsageError(
            "this version does not connect through a proxy",
            ["take the table [proxy] out of the profile to test the direct way"],
        )
    if profile.server.protocol == "lmtp":
        raise UsageError("this version does not speak LMTP", ["set server.protocol to smtp"])
    if not speaks(profile.auth.method):
        raise UsageError(
            f"this version does not log in with {profile.auth.method}",
            ["set auth.method to auto, plain, login, cram-md5, xoauth2 or oauthbearer"],
        )


def settings_of(job: Job) -> dict[str, Json]:
    """The settings in use, flat, without any secret: `server.host`, `auth.method`."""
    from smtpcheck.report.escape import shell_quoted

    loaded, profile = job.loaded, job.loaded.profile
    flat = dict(_flat(profile))
    flat["server.port"] = profile.port
    flat["server.security"] = profile.security
    if loaded.preset is not None:
        flat["provider"] = loaded.preset.provider
    # What the words of a fix call them: `smtpcheck profile set {profile} ...`
    flat["profile"] = loaded.name or (str(loaded.path) if loaded.path else "")
    flat["target"] = " ".join(shell_quoted(word) for word in (job.target, *job.options))
    return flat


def _judged(observations: Observations) -> tuple[Diagnosis, ...]:
    """Where every step passed there is nothing to judge, and the catalogue is not even read."""
    quiet = (Outcome.PASSED, Outcome.SKIPPED)
    if all(step.outcome in quiet for stage in observations.stages for step in stage.steps):
        return ()
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.judge import judge

    return judge(observations, load_catalog())


def _notes_of(loaded: LoadedProfile) -> tuple[str, ...]:
    """What the reader must know of the settings: a variable that is nearly one, a secret that
    others can read, what is not used."""
    from smtpcheck.store.secrets import secret_notes

    profile = loaded.profile
    used = (profile.auth.password, profile.tls.client_key_password)
    kept = [note for ref in used if ref is not None for note in secret_notes(ref)]
    return (*loaded.notes, *dict.fromkeys(kept), *_not_looked_at(profile))


def _not_looked_at(profile: Profile) -> tuple[str, ...]:
    """What the profile asks for and this version does not do; never passed over in silence."""
    asked = {"expect": profile.expect, "dkim": profile.dkim, "confirm": profile.confirm}
    return tuple(
        f"the table [{name}] of the profile is not used by this version"
        for name, table in asked.items()
        if table is not None
    )


def _flat(section: object, prefix: str = "") -> Iterable[tuple[str, Json]]:
    for each in fields(section):  # type: ignore[arg-type]  # only dataclasses come here
        value = getattr(section, each.name)
        name = f"{prefix}{each.name}"
        if isinstance(value, SecretRef):
            yield name, value.describe()
        elif is_dataclass(value):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, tuple):
            yield name, list(value)
        elif value is not None:
            yield name, value


def _settings(address: Address) -> dict[str, Json]:
    tables: dict[str, Json] = {
        "server": {"host": address.host, "port": address.port, "security": address.security}
    }
    if address.username:
        tables["auth"] = {"username": address.username, "password": {"prompt": True}}
    return tables


def _taken_as_host(name: str) -> tuple[str, ...]:
    if "." in name:
        return ()
    from difflib import get_close_matches

    from smtpcheck.store.profile_reader import list_profiles

    known = [entry.name for entry in list_profiles()]
    close = get_close_matches(name, known, 1)
    hint = f"; did you mean the profile {close[0]}?" if close else ""
    return (f"there is no profile {name}, so it was taken for a host name{hint}",)


def _secret_reader(job: Job, ask: Ask | None) -> Callable[[SecretRef], Secret]:
    from smtpcheck.probe.deadline import Deadline
    from smtpcheck.store.secrets import LIMIT, owner_of, read_secret

    profile = job.loaded.profile
    deadline = Deadline(job.plan.deadline)

    def read(ref: SecretRef) -> Secret:
        key = profile.tls.client_key_password is ref
        purpose = "tls.client_key_password" if key else "auth.password"
        return read_secret(
            ref,
            purpose=purpose,
            profile_name=job.loaded.name,
            username=owner_of(profile, purpose),
            ask=ask,
            limit=min(LIMIT, deadline.remaining()),
        )

    return read


def _skip_or_probe(
    job: Job, recorder: Recorder, ask: Ask | None, refused: Refused | None = None
) -> TargetReport:
    if job.loaded.profile.enabled:
        recorder.restart()
        return _probe(job, recorder, ask, refused)
    return _untouched(job, Outcome.SKIPPED, ExitCode.OK, "the profile is disabled")


def _cut_off(job: Job, recorder: Recorder) -> TargetReport:
    """What is known of a target that an interrupt caught before it was done."""
    from smtpcheck.probe.runner import seen_so_far

    if not job.loaded.profile.enabled:
        return _skip_or_probe(job, recorder, None)
    said = "interrupted before this target was done"
    if recorder.began:
        return _reported(job, seen_so_far(recorder, settings_of(job), interrupted=True), (said,))
    return _untouched(job, Outcome.INTERRUPTED, ExitCode.INTERRUPTED, said)


def _untouched(job: Job, outcome: Outcome, code: ExitCode, note: str) -> TargetReport:
    nothing = Observations(settings_of(job), ())
    return TargetReport(job.target, job.loaded.name, outcome, code, nothing, notes=(note,))
