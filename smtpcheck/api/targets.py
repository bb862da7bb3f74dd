"""Many targets: each checked before the first packet, and kept in as little as may be until its
turn comes."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from smtpcheck.api.job import Job, check_job
from smtpcheck.model.errors import Problem, ProfileError, UsageError
from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import SecretSource
from smtpcheck.model.value import dataclass
from smtpcheck.store.layers import COMMAND_LINE
from smtpcheck.store.spool import Spool

_OF_AN_ADDRESS = ("server.host", "server.port", "server.security", "auth.username")
"""Settings that a target is, where it is no profile."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target as it was named."""

    target: str
    file: str = COMMAND_LINE
    """The list that named it."""
    line: int = 0
    named: bool = True
    """By itself, not by a pattern or a tag: it may not be disabled then."""


class Targets(Spool[Job]):
    """Jobs by number, and what a run has to know of all of them: at which host each is, and which
    files hold their conversations."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.hosts = array("L")
        """Of each target the number of the host that is connected to."""
        self.groups = _Groups()
        """Hosts that one process has to keep together: those of which a refused login may be."""
        self.debug_files: set[str] = set()
        self._names: list[tuple[str, str | None]] = []
        self._disabled: set[int] = set()
        self._asking: set[int] = set()
        self._known: dict[str, int] = {}

    def add(self, job: Job) -> None:
        """Takes the next job."""
        number, profile = len(self.hosts), job.loaded.profile
        self.put(number, job)
        host = self._number_of(host_of(profile))
        self.hosts.append(host)
        if profile.proxy is not None:  # the login is that of the server behind it
            self.groups.join(host, self._number_of(_plain(profile.server.host)))
        name = job.loaded.name
        self._names.append((job.target, job.target if name == job.target else name))
        if not profile.enabled:
            self._disabled.add(number)
        if _may_ask(profile):
            self._asking.add(number)
        if profile.debug.file:
            self.debug_files.add(profile.debug.file)

    def complete(self) -> None:
        """No more are added: the names of the hosts are needed no longer."""
        self._known.clear()

    def _number_of(self, host: str) -> int:
        return self._known.setdefault(host, len(self._known))

    def names(self, number: int) -> tuple[str, str | None]:
        """What a target and its profile are called, without the job."""
        return self._names[number]

    def is_bound_here(self, number: int) -> bool:
        """Whether only this process can do it: it has a secret in memory, or may ask for one."""
        return number in self._asking or self.record(number) is None

    def is_disabled(self, number: int) -> bool:
        """Whether the target is to be left out."""
        return number in self._disabled


def _may_ask(profile: Profile) -> bool:
    refs = [profile.auth.password, profile.tls.client_key_password]
    refs += [table.password for table in (profile.proxy, profile.confirm) if table]
    refs += [profile.auth.oauth.client_secret] if profile.auth.oauth else []
    return any(ref is not None and ref.source is SecretSource.PROMPT for ref in refs)


def host_of(profile: Profile) -> str:
    """What is connected to: the socket, the proxy or the server."""
    if profile.server.socket:
        return profile.server.socket
    host = profile.proxy.host if profile.proxy else profile.server.host
    return _plain(host)


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")


class _Groups:
    """Sets of hosts by number; each host is in one, at first alone."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def of(self, host: int) -> int:
        """The number of the host's set."""
        while host in self._above:
            host = self._above[host]
        return host

    def join(self, one: int, other: int) -> None:
        """From now on the two are in one set."""
        one, other = self.of(one), self.of(other)
        if one != other:
            self._above[other] = one


def targets_of(jobs: Sequence[Job]) -> Targets:
    """Jobs that were made already. Raises UsageError for one that cannot be done as asked."""
    if isinstance(jobs, Targets):
        return jobs
    targets = Targets(len(jobs))
    for job in jobs:
        if len(jobs) > 1 and job.loaded.profile.enabled:
            try:
                check_job(job)
            except UsageError as error:
                raise UsageError(f"{job.target}: {error.message}", error.help) from None
        targets.add(job)
    return targets


def load_targets(
    wanted: Sequence[Wanted],
    load: Callable[[Wanted], Job],
    problems: Iterable[Problem] = (),
    given: Collection[str] = (),
) -> Targets:
    """Every target, loaded and checked. Raises UsageError, or ProfileError with the problems of
    all of them behind those that were found before. `given`: the keys that the command line sets
    for all of them."""
    targets, wrong = Targets(len(wanted)), _Wrong(list(problems))
    for each in wanted:
        try:
            job = load(each)
        except ProfileError as error:
            wrong.problems += [_placed(problem, each, given) for problem in error.problems]
            continue
        except UsageError as error:
            wrong.refused.setdefault((error.message, error.help), []).append(each)
            continue
        if not job.loaded.profile.enabled:
            if each.named:
                wrong.refuse(_disabled(job), each)
        elif len(wanted) > 1:
            try:
                check_job(job)
            except UsageError as error:
                wrong.unusable.setdefault((error.message, error.help), []).append(each)
        if not wrong.is_something:
            targets.add(job)
    wrong.raise_all()
    targets.complete()
    return targets


_Reasons = dict[tuple[str, tuple[str, ...]], list[Wanted]]
"""Message and help, and which targets they are about: all of them, perhaps."""


class _Wrong:
    """What is wrong with targets, to be told all at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.refused: _Reasons = {}
        """What is no target, or none beside the other options."""
        self.unusable: _Reasons = {}
        """What this installation or this command line cannot do."""
        self._refused: UsageError | None = None
        self._where = "the targets" if problems else ""

    @property
    def is_something(self) -> bool:
        return bool(self.problems or self.refused or self.unusable)

    def refuse(self, error: UsageError, wanted: Wanted) -> None:
        """The target is none, or is switched off."""
        hint = error.help[0] if error.help else ""
        self.problems.append(Problem(wanted.file, wanted.line, "", "", "", error.message, hint))
        self._refused, self._where = error, "the targets"

    def raise_all(self) -> None:
        """Raises UsageError for the only thing that is wrong, ProfileError for several."""
        for reasons in (self.refused, self.unusable):
            for (message, help_), (first, *others) in reasons.items():
                more = f" and {len(others)} more" if others else ""
                # What is no target says by itself which.
                who = "" if reasons is self.refused and not others else f"{first.target}{more}: "
                self.refuse(UsageError(f"{who}{message}", help_), first)
        files = {file: n for n, file in enumerate(dict.fromkeys(e.file for e in self.problems))}
        problems = sorted(dict.fromkeys(self.problems), key=lambda e: (files[e.file], e.line))
        if len(problems) == 1 and self._refused is not None and not problems[0].line:
            raise self._refused
        if problems:
            raise ProfileError(problems, self._where)


def _disabled(job: Job) -> UsageError:
    name = job.loaded.name or job.target
    return UsageError(
        f"the profile {job.target} is disabled",
        [f"enable it: smtpcheck profile set {name} enabled true"],
    )


def _placed(problem: Problem, wanted: Wanted, given: Collection[str]) -> Problem:
    """A setting that stands beside its target in a list is wrong there, and so is an address."""
    by_name = problem.key in _OF_AN_ADDRESS and problem.key not in given
    here = problem.file == COMMAND_LINE and (by_name or f"{problem.key}=" in wanted.target)
    return replace(problem, file=wanted.file, line=wanted.line) if here else problem
