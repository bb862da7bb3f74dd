"""Which format of metrics an Accept header means; the official client is the oracle."""

from __future__ import annotations

import pytest
from prometheus_client.exposition import choose_encoder

from smtpcheck.serve.negotiation import OPENMETRICS, PROMETHEUS, metric_format

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize("accept", ["", "*/*", "text/plain", "text/html", PROMETHEUS_2])
def test_the_choice_is_that_of_the_official_client(accept: str) -> None:
    _, content_type = choose_encoder(accept)
    chosen = metric_format(accept)
    assert chosen.content_type.split(";")[0] == content_type.split(";")[0]


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("application/openmetrics-text", "openmetrics"),
        ("application/openmetrics-text; version=2.0.0, text/plain", "prometheus"),
        ("application/openmetrics-text;q=0.1,text/plain;q=0.9", "prometheus"),
        ("text/plain;q=0.1,APPLICATION/OpenMetrics-Text;q=0.9", "openmetrics"),
        ("application/openmetrics-text;q=0", "prometheus"),
        ("application/openmetrics-text;q=x", "prometheus"),
        (",;,;;q=,=", "prometheus"),
    ],
)
def test_weights_and_versions_decide(accept: str, name: str) -> None:
    assert metric_format(accept) is (OPENMETRICS if name == "openmetrics" else PROMETHEUS)
