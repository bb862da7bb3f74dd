"""Which targets a command line means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from itertools import chain
from typing import TYPE_CHECKING

from smtpcheck.api import Job, load_target
from smtpcheck.api.targets import Targets, Wanted, load_targets
from smtpcheck.model.errors import Problem, UsageError
from smtpcheck.model.plan import Plan
from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from smtpcheck.cli.shard import Shard


@dataclass(frozen=True, slots=True)
class Named:
    """The targets as a command line names them; nothing: the only enabled profile."""

    targets: Sequence[str] = ()
    lists: Sequence[str] = ()
    """Files that name them; `-` is standard input."""
    every: bool = field(default=False, kw_only=True)
    tags: Sequence[str] = field(default=(), kw_only=True)
    shard: Shard | None = field(default=None, kw_only=True)
    """Only those of this part."""


def jobs_for(
    named: Named,
    plan: Plan,
    overrides: Mapping[str, str],
    change: Callable[[Job], Job] | None = None,
) -> Targets:
    """The jobs of the targets, each changed where that is asked for. Raises UsageError, or
    ProfileError with the problems of all of them."""
    direct = bool(named.targets or named.lists)
    if (named.every or named.tags) and direct:
        raise UsageError("targets cannot be combined with --all or --tag")
    if named.every and named.tags:
        raise UsageError("--all and --tag exclude each other", ["give one of the two"])
    problems: list[Problem] = []
    if direct:
        wanted = _named(named.targets, named.lists, problems)
    else:
        names = _profile_names(every=named.every, tags=named.tags)
        wanted = [Wanted(name, named=False) for name in names]
    if named.shard is not None:
        wanted = [each for each in wanted if named.shard.takes(each.target)]

    def load(each: Wanted) -> Job:
        job = load_target(each.target, plan=plan, overrides=overrides)
        return change(job) if change else job

    return load_targets(wanted, load, problems, overrides.keys())


def _named(targets: Sequence[str], lists: Sequence[str], problems: list[Problem]) -> list[Wanted]:
    """Whoever is named twice is probed, and sent a message, once."""
    from smtpcheck.cli.target_patterns import Patterns

    patterns, found = Patterns(), dict[str, Wanted]()
    for each in chain(map(Wanted, targets), _listed(lists, problems)):
        try:
            for one in patterns.matched(each):
                if one.named or one.target not in found:
                    found[one.target] = one
        except UsageError as error:
            if not each.line:
                raise
            hint = error.help[0] if error.help else ""
            problems.append(Problem(each.file, each.line, "", "", "", error.message, hint))
    if not found and not problems:
        where = ", ".join("standard input" if each == "-" else each for each in lists)
        raise UsageError(f"there is no target in {where}", ["name one a line"])
    return list(found.values())


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


def _listed(lists: Sequence[str], problems: list[Problem]) -> Iterator[Wanted]:
    for name in lists:
        from smtpcheck.cli.target_list import read_list

        yield from read_list(name, problems)


def _profile_names(*, every: bool, tags: Sequence[str]) -> list[str]:
    from smtpcheck.store.profile_reader import each_profile, profile_names

    names = profile_names()
    if not names:
        raise UsageError(
            "no target, and there is no profile yet",
            [
                "name a server: smtpcheck probe smtp.example.com:587",
                "or make a profile: smtpcheck profile init",
                "or try the embedded server: smtpcheck probe --sandbox",
            ],
        )
    if every:
        return names
    if tags:
        return tagged(tags)
    enabled = [each.name for each in each_profile() if each.loaded and each.loaded.profile.enabled]
    if len(enabled) == 1:
        return enabled
    there = ", ".join(names)
    if not enabled:
        raise UsageError(
            "no target, and no profile is enabled",
            [f"there are {', '.join(names)}; enable one: smtpcheck profile set NAME enabled true"],
        )
    raise UsageError(
        f"no target, and {len(enabled)} profiles are enabled",
        [f"name one of {there}", "or probe all of them: smtpcheck probe --all"],
    )


def tagged(tags: Sequence[str]) -> list[str]:
    """The profiles that have one of the tags, and those that cannot be read. Raises UsageError
    where there is none."""
    from smtpcheck.store.profile_reader import each_profile

    wanted = set(tags)
    found = [
        entry.name
        for entry in each_profile()
        if entry.loaded is None or wanted & set(entry.loaded.profile.tags)
    ]
    if not found:
        help_ = ["smtpcheck profile list shows the tags of each"]
        raise UsageError(f"no profile has the tag {' or '.join(tags)}", help_)
    return found
