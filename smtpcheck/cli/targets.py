"""Which targets a command line means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from smtpcheck.api import Job, load_target
from smtpcheck.model.errors import Problem, ProfileError, UsageError
from smtpcheck.model.plan import Plan


def jobs_for(
    targets: Sequence[str],
    plan: Plan,
    overrides: Mapping[str, str],
    *,
    every: bool = False,
    tags: Sequence[str] = (),
) -> list[Job]:
    """The jobs that targets, `--all` and `--tag` name; without any of them the only enabled
    profile. Raises UsageError, or ProfileError with the problems of all files."""
    if (every or tags) and targets:
        raise UsageError("targets cannot be combined with --all or --tag")
    if every and tags:
        raise UsageError("--all and --tag exclude each other", ["give one of the two"])
    # Whoever is named twice is probed, and sent a message, once.
    names = list(dict.fromkeys(targets)) or _profile_names(every=every, tags=tags)
    jobs: list[Job] = []
    problems: list[Problem] = []
    for name in names:
        try:
            jobs.append(load_target(name, plan=plan, overrides=overrides))
        except ProfileError as error:
            problems += error.problems
    if problems:
        raise ProfileError(problems)
    named = [job for job in jobs if targets and not job.loaded.profile.enabled]
    if named:
        first = named[0]
        raise UsageError(
            f"the profile {first.target} is disabled",
            [f"enable it: smtpcheck profile set {first.loaded.name or first.target} enabled true"],
        )
    return jobs


@contextmanager
def sandbox_job(plan: Plan, overrides: Mapping[str, str]) -> Iterator[Job]:
    """A job against the embedded server, which runs as long as the context lasts."""
    from dataclasses import replace

    from smtpcheck.model.secret import Secret, SecretRef, SecretSource
    from smtpcheck.sandbox.server import Sandbox
    from smtpcheck.store.profile_reader import profile_from_settings
    from smtpcheck.store.proxy_url import FROM_ENVIRONMENT

    if overrides.get("proxy") == FROM_ENVIRONMENT:
        raise UsageError(
            "--sandbox is on this machine, and no variable leads a way to it",
            ["leave --proxy env out, or name the proxy by its URL"],
        )
    with Sandbox() as server:
        loaded = profile_from_settings(
            {
                "server": {"host": "localhost", "port": server.submission_port},
                "tls": {"ca_file": str(server.ca_file)},
                "auth": {"username": server.username, "password": {"prompt": True}},
                "sender": {"address": server.username, "name": "smtpcheck sandbox"},
                "test": {"to": ["self"]},
            },
            name=None,
            overrides=overrides,
        )
        given = SecretRef(SecretSource.GIVEN, given=Secret(server.password))
        auth = replace(loaded.profile.auth, password=given)
        loaded = replace(loaded, profile=replace(loaded.profile, auth=auth))
        yield Job("--sandbox", loaded, plan, overrides=overrides)


def _profile_names(*, every: bool, tags: Sequence[str]) -> list[str]:
    from smtpcheck.store.profile_reader import list_profiles

    entries = list_profiles()
    if not entries:
        raise UsageError(
            "no target, and there is no profile yet",
            [
                "name a server: smtpcheck probe smtp.example.com:587",
                "or make a profile: smtpcheck profile init",
                "or try the embedded server: smtpcheck probe --sandbox",
            ],
        )
    if every:
        return [entry.name for entry in entries]
    if tags:
        wanted = set(tags)
        found = [
            entry.name
            for entry in entries
            if entry.error is not None or (entry.loaded and wanted & set(entry.loaded.profile.tags))
        ]
        if not found:
            raise UsageError(f"no profile has the tag {' or '.join(tags)}")
        return found
    enabled = [entry.name for entry in entries if entry.loaded and entry.loaded.profile.enabled]
    if len(enabled) == 1:
        return enabled
    names = ", ".join(entry.name for entry in entries)
    if not enabled:
        raise UsageError(
            "no target, and no profile is enabled",
            [f"there are {names}; enable one: smtpcheck profile set NAME enabled true"],
        )
    raise UsageError(
        f"no target, and {len(enabled)} profiles are enabled",
        [f"name one of {names}", "or probe all of them: smtpcheck probe --all"],
    )
