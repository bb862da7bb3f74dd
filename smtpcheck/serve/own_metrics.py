"""What the exporter tells of itself: its probes, its connections, its process."""

from __future__ import annotations

import platform
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    exposition,
)

import smtpcheck
from smtpcheck.serve.message import Response

_DURATIONS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class OwnMetrics:
    """All begin with `smtpcheck_exporter_`, but for the state of the configuration."""

    def __init__(self) -> None:
        # A second series for each, which nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call] # has no types
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        prefix = "smtpcheck_exporter_"
        build = Gauge(
            f"{prefix}build_info",
            "Always 1; the versions are labels.",
            ("version", "python"),
            registry=self.registry,
        )
        build.labels(smtpcheck.__version__, platform.python_version()).set(1)
        self.probes = Counter(
            f"{prefix}probes",
            "Probes by profile and outcome: passed, failed, temporary, held or disabled.",
            ("target", "outcome"),
            registry=self.registry,
        )
        self.durations = Histogram(
            f"{prefix}probe_duration_seconds",
            "How long a probe took, the wait for its turn included.",
            buckets=_DURATIONS,
            registry=self.registry,
        )
        self.refused = Counter(
            f"{prefix}probes_refused",
            "Requests for which there was no turn within their time.",
            registry=self.registry,
        )
        self.requests = Counter(
            f"{prefix}http_requests",
            "Requests by page and status.",
            ("page", "code"),
            registry=self.registry,
        )
        self.turned_away = Counter(
            f"{prefix}connections_refused",
            "Connections for which there was no room.",
            registry=self.registry,
        )
        self.defects = Counter(
            f"{prefix}defects", "Errors of smtpcheck itself.", registry=self.registry
        )

    def ask(self, name: str, help_: str, value: Callable[[], float]) -> None:
        """A gauge whose value is asked for at each scrape."""
        Gauge(name, help_, registry=self.registry).set_function(value)

    def page(self, accept: str) -> Response:
        """All of them, in the format that the header `Accept` asks for."""
        encode, content_type = exposition.choose_encoder(accept)
        return Response(200, encode(self.registry), content_type)
