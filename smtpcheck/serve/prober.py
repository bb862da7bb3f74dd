"""Probes a profile for one request: within its time, in its turn, without a refused login."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from smtpcheck.api.credential import standing_secret
from smtpcheck.api.job import Job
from smtpcheck.api.judging import report_of
from smtpcheck.api.probing import probe
from smtpcheck.api.proofs import Proofs
from smtpcheck.diagnosis.token import issuer_refused
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.secret import Secret
from smtpcheck.model.stage import ExitCode
from smtpcheck.model.value import dataclass
from smtpcheck.probe.refused import Login
from smtpcheck.serve.gate import FullError, Gate
from smtpcheck.serve.held_logins import Attempt, HeldLogins

__all__ = ["FullError", "Probed", "Prober"]


@dataclass(frozen=True, slots=True)
class Probed:
    """The answer to one request."""

    report: Report
    held: float = 0.0
    """Seconds for which its refused login is not tried again; 0: nothing is held."""
    tried: bool = True
    """False: the login was refused before, and not tried for this request."""


@dataclass(frozen=True, slots=True)
class _Last:
    """A result that holds as long as its login does."""

    report: Report
    job: Job
    login: Login
    purpose: str
    """Which secret was refused: that of `auth.password` or `proxy.password`."""
    behind: Secret
    """What it would have to differ from to be tried again."""


class Prober:
    """Shared by all requests."""

    def __init__(
        self,
        gate: Gate,
        held: HeldLogins,
        run: Callable[..., TargetReport] = probe,
    ) -> None:
        self._gate = gate
        self._held = held
        self._run = run
        self._proofs = Proofs()
        self._last: dict[tuple[str, str], _Last] = {}
        self._lock = threading.Lock()

    def probe(self, job: Job, *, until: str, seconds: float) -> Probed:
        """The result for this profile, as far as `until`, within so many seconds. Raises
        FullError where half of them went by before it was its turn: what is left would make a
        server look slow that is not."""
        end = time.monotonic() + seconds
        with self._gate.enter(seconds / 2):
            if (last := self._still_held(job, until, end - time.monotonic())) is not None:
                return last
            attempt = Attempt(self._held)
            started = datetime.now(UTC)
            plan = replace(job.plan, until=until, deadline=max(0.1, end - time.monotonic()))
            asked = replace(job, plan=plan)
            target = self._run(asked, refused=attempt, proofs=self._proofs)
            if target.exit_code == ExitCode.OK:
                self._proofs.forget(asked)
            report = report_of(started, [target])
            refused = attempt.refused or self._refused_by_issuer(job, target)
            if refused is None:
                return Probed(report)
            self._keep(job, until, report, refused)
            left = self._held.seconds_left(refused)
            return Probed(report, left, tried=not attempt.was_held)

    def _refused_by_issuer(self, job: Job, target: TargetReport) -> Login | None:
        """What an issuer refused instead of giving a token for it, which holds as a refused
        password does."""
        oauth = job.loaded.profile.auth.oauth
        if oauth is None or not issuer_refused(target.observations):
            return None
        secret = standing_secret(job.loaded, "auth.password", seconds=1.0)
        if secret is None:
            return None
        login = (oauth.issuer, oauth.client_id, secret)
        self._held.hold(login)
        return login

    def _still_held(self, job: Job, until: str, seconds: float) -> Probed | None:
        """The last result, where its login would be refused again."""
        last = self._last.get((job.target, until))
        if last is None:
            return None
        left = self._held.seconds_left(last.login)
        if left and last.job is job:
            now = standing_secret(job.loaded, last.purpose, seconds=seconds)
            if now == last.behind:
                return Probed(last.report, left, tried=False)
        with self._lock:
            self._last.pop((job.target, until), None)
        return None

    def _keep(self, job: Job, until: str, report: Report, login: Login) -> None:
        server = job.loaded.profile.server
        oauth = job.loaded.profile.auth.oauth
        own = login[0] in (server.host, server.socket, oauth.issuer if oauth else "")
        purpose = "auth.password" if own else "proxy.password"
        behind: Secret | None = login[2]
        if own and job.loaded.profile.uses_kept_login:
            behind = standing_secret(job.loaded, purpose, seconds=1.0)
        if behind is not None:
            kept = _Last(report, job, login, purpose, behind)
            with self._lock:
                self._last[job.target, until] = kept
