"""Proves settings before they are saved: a probe that logs in where it can and sends no message."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from smtpcheck.model.profile import Profile
    from smtpcheck.model.progress import Watcher
    from smtpcheck.model.report import TargetReport
    from smtpcheck.store.origin import LoadedProfile


@dataclass(frozen=True, slots=True)
class Proof:
    """What the probe said."""

    report: TargetReport
    without_login: str
    """Why it ended after EHLO although the profile logs in; empty when it did not."""

    @property
    def exit_code(self) -> int:
        """That of `smtpcheck probe`."""
        return self.report.exit_code


def probe_unsaved(
    loaded: LoadedProfile,
    *,
    send: bool = False,
    may_follow: bool = True,
    resolver: str = "",
    changes: Mapping[str, str] | None = None,
    draft: str = "",
) -> Proof:
    """Probes settings that are in no file yet, up to RCPT and RSET, or with `send` through the
    test message; up to EHLO where the secret is not to be had, or only at a place that is not to
    be followed (`may_follow`).

    With `changes` they are those of a saved profile, which is what can be tried again. `draft`:
    what they will be kept as where that fails. Raises UsageError for settings that this version
    does not use.
    """
    from smtpcheck.api import Job, probe
    from smtpcheck.cli.session import asker
    from smtpcheck.model.plan import Plan

    # A disabled profile is probed all the same: it is being set up.
    loaded = replace(loaded, profile=replace(loaded.profile, enabled=True))
    loaded, missing = _with_secret(loaded, may_follow=may_follow)
    plan = Plan(until="ehlo" if missing else "", deliver=send, resolver=resolver)
    target = loaded.name if changes and loaded.name else target_of(loaded.profile)
    with _watching() as watcher:
        job = Job(target, loaded, plan, overrides=changes or {}, draft=draft)
        report = probe(job, watcher=watcher, ask=asker(no_input=False))
    return Proof(report, missing)


def show_proof(proof: Proof) -> None:
    """Writes the verdict, and what is wrong, to stdout; why it went no further to stderr."""
    from datetime import UTC, datetime

    from smtpcheck.api import report_of
    from smtpcheck.cli.terminal import style_for
    from smtpcheck.report.text import render_text

    report = report_of(datetime.now(UTC), [proof.report])
    sys.stdout.writelines(render_text(report, style_for(sys.stdout), quiet=True))
    sys.stdout.flush()
    if proof.without_login and not proof.exit_code:
        typer.echo(f"note: {proof.without_login}", err=True)
        typer.echo("note: so the probe ended after EHLO, without a login", err=True)


def target_of(profile: Profile) -> str:
    """The server as a target that `smtpcheck probe` takes: the name of the profile would mean
    what is saved, or nothing."""
    from smtpcheck.cli.profile_show import server_of
    from smtpcheck.model.profile import security_for_port

    place = server_of(profile)
    if profile.server.socket or profile.security == security_for_port(profile.port):
        return place
    schemes = {"tls": "submissions", "starttls": "submission", "none": "smtp"}
    return f"{schemes[profile.security]}://{place}"


def password_alone() -> dict[str, str]:
    """The part of the environment that counts for what is to be saved: a password for this run,
    and no setting that the file will not hold."""
    import os

    value = os.environ.get("SMTPCHECK_PASSWORD", "")
    return {"SMTPCHECK_PASSWORD": value} if value else {}


def _with_secret(loaded: LoadedProfile, *, may_follow: bool) -> tuple[LoadedProfile, str]:
    """The profile with its secret at hand, read once, and why it is not to be had."""
    from smtpcheck.model.secret import SecretRef, SecretSource, SecretUnavailableError
    from smtpcheck.store.keys import PASSWORD_VARIABLE
    from smtpcheck.store.secrets import owner_of, read_secret

    profile = loaded.profile
    reference = profile.auth.password
    if not profile.wants_login or profile.auth.method == "external":
        return loaded, ""
    if reference is None and profile.auth.oauth and profile.auth.oauth.client_id:
        return loaded, "it logs in with a token, which smtpcheck login gets for a saved profile"
    if reference is None:
        return loaded, "auth.password is not set: there is no password to log in with"
    if reference.source is SecretSource.PROMPT:
        return loaded, ""
    places = (SecretSource.COMMAND, SecretSource.ENV, SecretSource.FILE)
    ours = reference.name == PASSWORD_VARIABLE  # said by the user, for this run
    if not may_follow and reference.source in places and not ours:
        if reference.source is SecretSource.COMMAND:
            return loaded, "the command that prints the password was not run: look at it first"
        return loaded, "the imported file names where the password is: it was not read"
    try:
        secret = read_secret(
            reference,
            purpose="auth.password",
            profile_name=loaded.name,
            username=owner_of(profile),
            ask=None,
        )
    except SecretUnavailableError as error:
        return loaded, error.reason
    given = SecretRef(SecretSource.GIVEN, given=secret)
    auth = replace(profile.auth, password=given)
    return replace(loaded, profile=replace(profile, auth=auth)), ""


def _watching() -> AbstractContextManager[Watcher]:
    from smtpcheck.model.progress import nobody

    if not sys.stderr.isatty():
        return nullcontext(nobody)
    from smtpcheck.cli.live import live_watcher
    from smtpcheck.cli.terminal import style_for

    return live_watcher(sys.stderr, style_for(sys.stderr), targets=1)
