"""`/probe`: the metrics of one profile, as blackbox_exporter gives those of a target."""

from __future__ import annotations

import time
from collections.abc import Callable

from smtpcheck.api.job import Job
from smtpcheck.model.errors import UsageError
from smtpcheck.model.report import Report
from smtpcheck.model.stage import STEPS, ExitCode, Stage
from smtpcheck.model.value import dataclass
from smtpcheck.probe.runner import last_step
from smtpcheck.report.escape import escape
from smtpcheck.report.formats import FORMATS
from smtpcheck.report.rows import shown
from smtpcheck.report.style import Style
from smtpcheck.serve.log import Log
from smtpcheck.serve.message import Request, Response, plain
from smtpcheck.serve.negotiation import OPENMETRICS, MetricFormat, metric_format
from smtpcheck.serve.own_metrics import OwnMetrics
from smtpcheck.serve.prober import FullError, Probed, Prober
from smtpcheck.serve.profiles import Profiles

SCRAPE_TIMEOUT = "x-prometheus-scrape-timeout-seconds"
_OFFSET = 0.5
"""Seconds for the answer to arrive before Prometheus gives up; as in blackbox_exporter."""
_ORDER = [step for stage in Stage for step in STEPS[stage]]
_STYLE = Style(width=100, color=False, unicode=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeWishes:
    """What whoever started the exporter allows."""

    until: str = ""
    """The last stage or step; empty: all that the profile uses."""
    deadline: float = 60.0
    """The longest that a probe may take, in seconds."""
    debug: bool = False
    """Whether a report with the words of the server may be asked for."""


class ProbePage:
    """Answers `/probe?target=NAME`."""

    def __init__(
        self,
        profiles: Profiles,
        prober: Prober,
        metrics: OwnMetrics,
        log: Log,
        wishes: ProbeWishes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profiles = profiles
        self._prober = prober
        self._metrics = metrics
        self._log = log
        self._wishes = wishes
        self._clock = clock
        self._told: dict[str, str] = {}

    def __call__(self, request: Request) -> Response:
        """The metrics, or why there are none."""
        job = self._profiles.job(request.query.get("target", ""))
        if job is None:
            return self._unknown("target" in request.query)
        debug = request.query.get("debug", "").lower() in ("true", "1")
        if debug and not self._wishes.debug:
            return plain(403, "reports are not shown here: start with --debug-reports")
        try:
            until = self._until(request, job)
            seconds = self._seconds(request)
        except UsageError as error:
            return plain(400, escape(error.message))
        chosen = metric_format(request.headers.get("accept", ""))
        if not job.loaded.profile.enabled:
            self._metrics.probes.labels(job.target, "disabled").inc()
            return _metrics(chosen, _state(job.target, enabled=False, held=0.0), None)
        began = self._clock()
        try:
            probed = self._prober.probe(job, until=until, seconds=seconds)
        except FullError:
            self._metrics.refused.inc()
            return plain(503, "too many probes at once: none ended in time", {"Retry-After": "1"})
        self._metrics.durations.observe(self._clock() - began)
        self._count(job.target, probed)
        if probed.tried and job.loaded.profile.debug.file:
            self._write_conversation(job, probed)
        if debug:
            return _debug(probed)
        state = _state(job.target, enabled=True, held=probed.held)
        return _metrics(chosen, state, probed.report)

    def _unknown(self, named: bool) -> Response:  # noqa: FBT001 - whether a target was named
        """What was asked for is not repeated: anybody may have put it there."""
        if not named:
            return plain(400, "the parameter target is missing: /probe?target=PROFILE")
        return plain(404, "this exporter serves no such profile: /targets lists those it serves")

    def _until(self, request: Request, job: Job) -> str:
        """Raises UsageError for a stage that is none, or that lies behind the last allowed one."""
        wanted = request.query.get("until", "")
        if not wanted:
            return self._wishes.until
        security = job.loaded.profile.security
        last = last_step(self._wishes.until, security)
        if _ORDER.index(last_step(wanted, security)) > _ORDER.index(last):
            raise UsageError(f"this exporter goes no further than {self._wishes.until}")
        return wanted

    def _seconds(self, request: Request) -> float:
        """Raises UsageError for a header that is no number of seconds."""
        text = request.headers.get(SCRAPE_TIMEOUT, "")
        if not text:
            return self._wishes.deadline
        try:
            given = float(text)
        except ValueError:
            given = -1.0
        if not 0 < given < float("inf"):
            raise UsageError("the header X-Prometheus-Scrape-Timeout-Seconds is no time")
        # A timeout of less than the offset would leave nothing: half of it is for the probe then.
        return min(self._wishes.deadline, max(given - _OFFSET, given / 2))

    def _write_conversation(self, job: Job, probed: Probed) -> None:
        """Where the profile's `[debug]` wants it, in the place of the last one."""
        from smtpcheck.report.transcript import render_transcript
        from smtpcheck.store.report_file import save_report

        (target,) = probed.report.targets
        text = render_transcript(target, started=probed.report.started)
        failed = save_report(job.loaded.profile.debug.file, [text])
        if failed:
            self._log.warning("conversation not written", target=job.target, why=failed)

    def _count(self, target: str, probed: Probed) -> None:
        """Counts the outcome, and tells the log where it is another than the last time."""
        (report,) = probed.report.targets
        words = {ExitCode.OK: "passed", ExitCode.TEMPORARY: "temporary"}
        outcome = words.get(ExitCode(report.exit_code), "failed")
        self._metrics.probes.labels(target, outcome if probed.tried else "held").inc()
        cause = report.diagnoses[0].cause if report.diagnoses else ""
        told = f"{outcome} {cause}"
        if self._told.get(target) == told:
            return
        self._told[target] = told
        if outcome == "passed":
            self._log.info("probe passed", target=target)
        else:
            held = {"held_seconds": round(probed.held)} if probed.held else {}
            code = report.exit_code
            self._log.warning("probe failed", target=target, cause=cause, code=code, **held)


def _state(target: str, *, enabled: bool, held: float) -> str:
    """What the exporter knows besides the report, in lines that both formats share."""
    name = shown(target, _STYLE).replace("\\", "\\\\").replace('"', '\\"')
    families = {
        "smtpcheck_profile_enabled": (
            "Whether the profile is enabled; a disabled one is not probed.",
            float(enabled),
        ),
        "smtpcheck_held": (
            "Whether the login was refused before and is not tried again for now.",
            float(held > 0),
        ),
    }
    return "".join(
        f'# HELP {family} {help_}\n# TYPE {family} gauge\n{family}{{target="{name}"}} {value:g}\n'
        for family, (help_, value) in families.items()
    )


def _metrics(chosen: MetricFormat, state: str, report: Report | None) -> Response:
    """One body: what the exporter knows, and the report."""
    end = "# EOF\n" if chosen is OPENMETRICS else ""
    told = end if report is None else _rendered(chosen.name, report)
    return Response(200, (state + told).encode(), chosen.content_type)


def _debug(probed: Probed) -> Response:
    """The report with its conversation, which was masked when it was written down."""
    held = ""
    if probed.held:
        held = (
            f"held: the login was refused; it is not tried again for {probed.held:.0f} s, or until "
            "the secret changes\n\n"
        )
    text = _rendered("text", probed.report)
    return Response(200, f"{held}{text}".encode("utf-8", "backslashreplace"))


def _rendered(name: str, report: Report) -> str:
    return "".join(FORMATS[name](report, _STYLE, verbose=True, quiet=False))
