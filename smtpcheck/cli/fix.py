"""`smtpcheck probe --fix`: the changes that a failed probe named, tried and written."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from smtpcheck.api import Job
from smtpcheck.cli.profile_set import keep_changes
from smtpcheck.cli.session import Wishes, asker, probe_jobs, remembered, tell, write_report
from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import ExitCode
from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from smtpcheck.model.diagnosis import Change
    from smtpcheck.model.report import Report, TargetReport
    from smtpcheck.report.formats import Output
    from smtpcheck.store.profile_writer import Preview


_PASSING = (ExitCode.OK, ExitCode.EXPECTATION)
"""What proves a change: that every stage passes. An expectation is no matter of settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What `--fix` may do."""

    accepted: Mapping[str, Json]
    """Changes that the user has confirmed, by key."""
    send: bool
    """The confirming probe may send the test message."""
    overrides: Mapping[str, str]
    """`--set`, `-4` and `-6` of this command line, for both probes."""


def accepted_changes(values: Sequence[str]) -> dict[str, Json]:
    """The changes that `--accept KEY=VALUE` confirms. Raises UsageError and ProfileError."""
    from smtpcheck.store.layers import layer_of_overrides

    texts: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key.strip():
            raise UsageError(
                f"--accept {value} is no change",
                ["write --accept KEY=VALUE, for example --accept server.security=none"],
            )
        texts[key.strip()] = text
    layer = layer_of_overrides(texts)
    if layer.problems:
        raise ProfileError(layer.problems)
    return dict(layer.values)


def must_be_a_profile(jobs: Sequence[Job]) -> Job:
    """The one profile to fix. Raises UsageError for anything else."""
    if len(jobs) != 1:
        raise UsageError("--fix mends one profile at a time", ["name the profile"])
    job = jobs[0]
    if " " in job.target:
        raise UsageError(
            "--fix changes a profile, not the settings behind a target",
            ["give them as --set KEY=VALUE"],
        )
    if job.loaded.path is None:
        raise UsageError(
            f"--fix changes a profile, and {job.target} is none",
            ["make one of it: smtpcheck profile init", "or leave --fix out, and read the changes"],
        )
    return job


def run_fix(job: Job, wishes: Wishes, fix: Fix) -> int:
    """Probes, shows the changes as a diff, probes with them, and writes them when that passes.
    Returns the exit code: that of the profile as it is in the end."""
    asking = remembered(asker(no_input=wishes.no_input))
    first = probe_jobs([replace(job, plan=replace(job.plan, deliver=fix.send))], wishes, asking)
    telling = _Telling(wishes, job)
    telling.probe(first)
    preview = _proposal(job, first.targets[0], fix, telling)
    last = first
    if preview is not None:
        changed = _changed(job, preview, first.targets[0], fix)
        second = probe_jobs([changed], wishes, asking)
        telling.probe(second)
        if second.exit_code in _PASSING and _write(preview):
            last = _with_note(second, first)
            telling.say(f"fixed: {preview.path}")
        else:
            _note(f"the probe does not pass with these changes: {preview.path} is as it was")
            keep_changes(job.loaded, _texts(first.targets[0]))
    return telling.end(last)


def _proposal(job: Job, seen: TargetReport, fix: Fix, telling: _Telling) -> Preview | None:
    """The file with the changes, after showing them; None where there is nothing to be tried."""
    from smtpcheck.diagnosis.mending import changes_to_try, repeats_refused_login
    from smtpcheck.store.profile_writer import preview_values

    if seen.exit_code == ExitCode.OK:
        _note("nothing to fix: the probe passes")
        return None
    if seen.exit_code == ExitCode.EXPECTATION:
        _note("nothing to fix: every stage passes, and an expectation is no setting to try")
        return None
    changes = changes_to_try(seen.diagnoses)
    if not changes:
        _note(f"no change of the profile is known to help: {job.target} is as it was")
        return None
    shadowed = _shadowed(job, changes)
    if shadowed:
        _note(f"{shadowed}, so a change of the file would do nothing: {job.target} is as it was")
        return None
    preview = preview_values(job.loaded.path or "", _texts(seen))
    telling.diff(preview)
    if preview.old == preview.new:
        _note(f"{preview.path} says so already, and it does not help")
        return None
    if not _may(job, changes, fix):
        return None
    if repeats_refused_login(seen.observations, changes):
        _note("the server has refused this login, and it is not tried a second time in one run")
        _note(f"so the changes are not proven: {preview.path} is as it was")
        return None
    return preview


def _may(job: Job, changes: Sequence[Change], fix: Fix) -> bool:
    """Whether every change may be made; says which need the user's word."""
    from smtpcheck.diagnosis.mending import why_not_unasked

    given = {each.key: each.value for each in changes}
    for key in fix.accepted:
        if key not in given:
            _note(f"--accept {key}: no such change is proposed")
    refused = [
        (each, why)
        for each in changes
        if (why := why_not_unasked(each, job.loaded.profile))
        and fix.accepted.get(each.key) != each.value
    ]
    for each, why in refused:
        _note(f"{each.key} = {_text(each.value)} is not made unasked: {why}")
    if refused:
        words = " ".join(f"--accept {_quoted(f'{each.key}={each.value}')}" for each, _ in refused)
        target = _quoted(job.target)
        _note(f"to make it all the same: smtpcheck probe {target} --fix {words}")
    return not refused


def _shadowed(job: Job, changes: Sequence[Change]) -> str:
    """A changed key that something stronger than the file sets."""
    from smtpcheck.store.origin import Source

    for each in changes:
        origin = job.loaded.origins.get(each.key)
        if origin is not None and origin.source in (Source.FLAG, Source.ENVIRONMENT):
            return f"{each.key} comes from the {origin.describe()}"
    return ""


def _changed(job: Job, preview: Preview, seen: TargetReport, fix: Fix) -> Job:
    """The whole probe of the file as it would be. Without `--send`, and where a message has left
    already, it stops behind RCPT."""
    from smtpcheck.api.job import with_given_secrets
    from smtpcheck.diagnosis.mending import wrote_final_dot
    from smtpcheck.store.profile_reader import profile_from_text

    loaded = profile_from_text(
        preview.new, path=preview.path, name=preview.name, overrides=fix.overrides
    )
    loaded = with_given_secrets(loaded, job.loaded.profile)
    deliver = fix.send and not wrote_final_dot(seen.observations)
    return replace(job, loaded=loaded, plan=replace(job.plan, until="", deliver=deliver))


def _with_note(second: Report, first: Report) -> Report:
    """The report of the fixed profile says what was changed."""
    from smtpcheck.diagnosis.mending import changes_to_try

    changes = changes_to_try(first.targets[0].diagnoses)
    listed = ", ".join(f"{each.key} = {_text(each.value)}" for each in changes)
    target = second.targets[0]
    noted = replace(target, notes=(*target.notes, f"the profile was changed: {listed}"))
    return replace(second, targets=(noted,))


def _write(preview: Preview) -> bool:
    """Puts the new text into the place of the old one; False where somebody has changed that."""
    from smtpcheck.store.profile_writer import write_preview

    if write_preview(preview):
        return True
    _note(f"{preview.path} has been changed meanwhile")
    return False


@dataclass(frozen=True, slots=True)
class _Telling:
    """Where what is told goes: both probes as text for people; any other format, and every file,
    of the profile as it is in the end."""

    wishes: Wishes
    job: Job

    @property
    def _outputs(self) -> list[Output]:
        from smtpcheck.report.formats import parse_format_options

        return parse_format_options(list(self.wishes.formats))

    @property
    def _stream(self) -> TextIO:
        """Standard output where that is text, else what does not disturb it."""
        return sys.stdout if any(_for_people(each) for each in self._outputs) else sys.stderr

    def probe(self, report: Report) -> None:
        """One of the two probes."""
        for output in self._outputs:
            if _for_people(output):
                write_report(report, output, self.wishes)

    def end(self, report: Report) -> int:
        """How it ended; the exit code."""
        rest = [each for each in self._outputs if not _for_people(each)]
        return tell(report, [self.job], self.wishes, rest)

    def diff(self, preview: Preview) -> None:
        """What would change."""
        from smtpcheck.cli.terminal import style_for
        from smtpcheck.report.diff import render_diff

        old, new = (each.decode("utf-8", "replace") for each in (preview.old, preview.new))
        text = render_diff(old, new, str(preview.path), style_for(self._stream))
        self.say(f"\n{text}")

    def say(self, text: str) -> None:
        """A line of result."""
        self._stream.write(f"{text}\n")
        self._stream.flush()


def _for_people(output: Output) -> bool:
    return output.format == "text" and not output.path


def _texts(seen: TargetReport) -> dict[str, str]:
    """The changes to try, as a command line gives them."""
    from smtpcheck.diagnosis.mending import changes_to_try

    return {each.key: _text(each.value) for each in changes_to_try(seen.diagnoses)}


def _text(value: Json) -> str:
    from smtpcheck.store.toml_text import inline

    return inline(value)


def _quoted(text: str) -> str:
    from smtpcheck.report.escape import shell_quoted

    return shell_quoted(text)


def _note(text: str) -> None:
    sys.stderr.write(f"note: {text}\n")
