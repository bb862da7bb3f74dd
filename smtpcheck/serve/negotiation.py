"""Which text format of metrics a client asks for (RFC 9110 section 12.5.1)."""

from __future__ import annotations

from smtpcheck.model.value import dataclass

_OPEN_VERSIONS = ("", "0.0.1", "1.0.0")


@dataclass(frozen=True, slots=True)
class MetricFormat:
    """A format, and how it is named in an answer."""

    name: str
    """As `--format` calls it."""
    content_type: str


PROMETHEUS = MetricFormat("prometheus", "text/plain; version=0.0.4; charset=utf-8")
OPENMETRICS = MetricFormat(
    "openmetrics", "application/openmetrics-text; version=1.0.0; charset=utf-8"
)


def metric_format(accept: str) -> MetricFormat:
    """What the header `Accept` prefers; the text format of Prometheus where it says nothing that
    is known. Of two that weigh the same the first counts."""
    best, weight = PROMETHEUS, 0.0
    for entry in accept.split(","):
        media, *rest = (part.strip() for part in entry.split(";"))
        told = dict(_parameter(each) for each in rest)
        known = _known(media.lower(), told.get("version", ""))
        quality = _quality(told.get("q", "1"))
        if known is not None and quality > weight:
            best, weight = known, quality
    return best


def _known(media: str, version: str) -> MetricFormat | None:
    if media == "application/openmetrics-text":
        return OPENMETRICS if version in _OPEN_VERSIONS else None
    return PROMETHEUS if media in ("text/plain", "text/*", "*/*") else None


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
