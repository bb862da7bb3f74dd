"""A report as metrics: in the text format of Prometheus, as the textfile collector of node_exporter
reads it, and as OpenMetrics.

Names are those of blackbox_exporter where it has one, so that its dashboards and alerts fit. A
label holds no text of a server: the target as it was named, a stage, a cause, a TLS version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import field

from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import ExitCode, Outcome, Stage
from smtpcheck.model.value import dataclass
from smtpcheck.report.certificates import earliest_expiry, seconds_since_1970
from smtpcheck.report.facts import facts_of, stage_of, text_of
from smtpcheck.report.scratch import Scratch
from smtpcheck.report.style import Style
from smtpcheck.report.troubles import named_targets, troubles_of
from smtpcheck.report.words import total_ms

_RAN = (Outcome.PASSED, Outcome.WARNED, Outcome.FAILED, Outcome.INTERRUPTED)
_FAMILIES = {"ipv4": 4, "ipv6": 6}


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name without the ending of an info, and its samples."""

    name: str
    help: str
    unit: str = ""
    info: bool = False
    """Always 1: what it says is in its labels."""
    samples: Scratch = field(default_factory=Scratch)
    """A line each."""

    @property
    def sample_name(self) -> str:
        """The name that its samples have."""
        return f"{self.name}_info" if self.info else self.name

    def add(self, labels: Mapping[str, str], value: float) -> None:
        """Takes a sample."""
        told = ",".join(f'{name}="{_label(text)}"' for name, text in labels.items())
        self.samples.write(f"{self.sample_name}{{{told}}} {value:.15g}\n")


def render_prometheus(report: Report, style: Style) -> Iterator[str]:
    """The text format of Prometheus, version 0.0.4."""
    with _families(report, style) as families:
        for each in families:
            yield f"# HELP {each.sample_name} {each.help}\n"
            yield f"# TYPE {each.sample_name} gauge\n"
            yield from each.samples.chunks()


def render_openmetrics(report: Report, style: Style) -> Iterator[str]:
    """OpenMetrics 1.0; it ends with `# EOF`."""
    with _families(report, style) as families:
        for each in families:
            yield f"# TYPE {each.name} {'info' if each.info else 'gauge'}\n"
            yield f"# UNIT {each.name} {each.unit}\n" if each.unit else ""
            yield f"# HELP {each.name} {each.help}\n"
            yield from each.samples.chunks()
    yield "# EOF\n"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@contextmanager
def _families(report: Report, style: Style) -> Iterator[list[Family]]:
    """Those that have a sample. All samples of a family must stand together, so that they lie on
    the disk until every target was seen."""
    made = _Metrics()
    with ExitStack() as at_end:
        for family in made.all:
            at_end.callback(family.samples.close)
        started = seconds_since_1970(report.started)
        for name, target in named_targets(report, style):
            if target.outcome is not Outcome.SKIPPED:
                made.take(name, target, started, style)
        yield [each for each in made.all if not each.samples.is_empty]


class _Metrics:
    """The families, in the order in which they are written."""

    def __init__(self) -> None:
        seconds = "seconds"
        self.success = Family(
            "probe_success", "Whether all stages asked for passed, and all that is expected."
        )
        self.duration = Family("probe_duration_seconds", "How long the probe took.", seconds)
        self.dns = Family(
            "probe_dns_lookup_time_seconds", "How long the look-ups in DNS took.", seconds
        )
        self.protocol = Family("probe_ip_protocol", "Which IP protocol was used, 4 or 6.")
        self.expiry = Family(
            "probe_ssl_earliest_cert_expiry",
            "When the first certificate of the chain ends, in seconds since 1970.",
        )
        self.version = Family("probe_tls_version", "The TLS version in use.", info=True)
        self.cipher = Family("probe_tls_cipher", "The TLS cipher in use.", info=True)
        self.exit = Family("smtpcheck_exit_code", "The exit code of the target.")
        self.attempts = Family(
            "smtpcheck_attempts", "How many attempts it took, where one was not enough."
        )
        self.started = Family(
            "smtpcheck_start_time_seconds", "When the run began, since 1970.", seconds
        )
        self.stage = Family("smtpcheck_stage_success", "Whether the stage passed.")
        self.stage_duration = Family(
            "smtpcheck_stage_duration_seconds", "How long the stage took.", seconds
        )
        self.finding = Family("smtpcheck_finding", "A cause that was found.", info=True)

    @property
    def all(self) -> list[Family]:
        """The families in order."""
        return list(vars(self).values())

    def take(self, name: str, target: TargetReport, started: float | None, style: Style) -> None:
        """Adds what is known of a target."""
        which = {"target": name}
        seen = target.observations
        self.success.add(which, float(target.exit_code == ExitCode.OK))
        self.duration.add(which, total_ms(target) / 1000)
        self.exit.add(which, float(target.exit_code))
        if target.attempts:
            self.attempts.add(which, len(target.attempts))
        if started is not None:
            self.started.add(which, started)
        for stage in seen.stages:
            if stage.outcome in _RAN:
                labels = {**which, "stage": stage.stage.value}
                good = stage.outcome in (Outcome.PASSED, Outcome.WARNED)
                self.stage.add(labels, float(good))
                self.stage_duration.add(labels, stage.elapsed_ms / 1000)
                if stage.stage is Stage.DNS:
                    self.dns.add(which, stage.elapsed_ms / 1000)
        self._take_connection(which, target)
        causes = {each.cause: each.severity.value for each in troubles_of(target, style)[::-1]}
        for cause, severity in causes.items():
            labels = {**which, "cause": cause, "severity": severity}
            self.finding.add(labels, 1.0)

    def _take_connection(self, which: Mapping[str, str], target: TargetReport) -> None:
        seen = target.observations
        connect = facts_of(stage_of(seen, Stage.TCP), "tcp.connect")
        family = _FAMILIES.get(text_of(connect, "family"))
        if family is not None:
            self.protocol.add(which, float(family))
        ends = earliest_expiry(seen)
        if ends is not None:
            self.expiry.add(which, ends)
        handshake = facts_of(stage_of(seen, Stage.TLS), "tls.handshake")
        for name, into in (("version", self.version), ("cipher", self.cipher)):
            value = text_of(handshake, name)
            if value:
                into.add({**which, name: value}, 1.0)
