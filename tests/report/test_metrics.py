"""Metrics: through the parsers of the Prometheus client, and promtool where it is installed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_text

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import Report
from smtpcheck.report.metrics import render_openmetrics, render_prometheus
from smtpcheck.report.troubles import PLAIN
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.samples import SAMPLES, failed_auth, passed_starttls, report, several_targets

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(made: Report) -> Samples:
    """What both formats say, which is the same; no sample stands there twice."""
    found: list[Samples] = []
    for families in (
        list(read_text("".join(render_prometheus(made, PLAIN)))),
        list(read_open("".join(render_openmetrics(made, PLAIN)))),  # type: ignore[no-untyped-call] # has no types
    ):
        told: Samples = {}
        for family in families:
            assert family.documentation
            for each in family.samples:
                key = (each.name, tuple(sorted(each.labels.items())))
                assert key not in told
                told[key] = each.value
        found.append(told)
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_both_formats_are_read_and_say_the_same(name: str) -> None:
    made = SAMPLES[name]()
    found = samples(made)
    ran = [each for each in made.targets if each.outcome.value != "skipped"]
    assert sum(key == "probe_success" for key, _ in found) == len(ran)
    assert sum(found[key] for key in found if key[0] == "probe_success") == sum(
        each.exit_code == 0 for each in ran
    )


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("name", HOSTILES)
def test_server_text_is_in_no_label_and_a_name_cannot_break_out(
    name: str, severity: Severity
) -> None:
    found = samples(hostile_report(HOSTILES[name], severity=severity))
    usual = samples(hostile_report("plain", severity=severity))
    assert [key for key, _ in found] == [key for key, _ in usual]
    assert list(found.values()) == list(usual.values())


def test_times_and_certificates_are_told_in_base_units() -> None:
    found = samples(passed_starttls())
    which = ("target", "office")
    assert found["probe_duration_seconds", (which,)] == pytest.approx(0.266)
    assert found["probe_ssl_earliest_cert_expiry", (which,)] == 1778803199
    assert found["probe_ip_protocol", (which,)] == 4
    assert found["smtpcheck_stage_success", (("stage", "send"), which)] == 1
    assert ("probe_tls_version_info", (which, ("version", "TLSv1.3"))) in found


def test_a_cause_is_a_label_and_found_once() -> None:
    one = failed_auth().targets[0]
    found = samples(report(replace(one, diagnoses=one.diagnoses * 2)))
    causes = [dict(labels)["cause"] for key, labels in found if key == "smtpcheck_finding_info"]
    assert causes == ["auth-smtp-disabled"]


def test_openmetrics_ends_as_it_must() -> None:
    assert "".join(render_openmetrics(several_targets(), PLAIN)).endswith("\n# EOF\n")
