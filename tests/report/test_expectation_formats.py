"""Unmet expectations and drift in every format."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import pytest

from smtpcheck.api.judging import judged
from smtpcheck.diagnosis.verdict import verdict
from smtpcheck.model.drift import Drift
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Stage
from smtpcheck.report.formats import FORMATS
from smtpcheck.report.json_report import render_json, report_from_data
from smtpcheck.report.style import Style
from smtpcheck.report.text_stream import TextStream
from tests.report.samples import AUTH, DNS, SEND, STARTTLS, TCP, TLS, failed_auth, report, target

PLAIN = Style(80, color=False, unicode=True)
CAUSES = ("expectation-certificate-ends-soon", "expectation-mechanism-missing")
CHANGES = (
    Drift("mechanisms", ["PLAIN", "LOGIN"], ["PLAIN"]),
    Drift("tls_version", "1.2", "1.3"),
)


def run(*, drift: tuple[Drift, ...] | None = None, **expect: Json) -> TargetReport:
    """A good run of which that is expected, judged."""
    settings = {**STARTTLS, **{f"expect.{key}": value for key, value in expect.items()}}
    made = target(DNS, TCP, TLS, AUTH, SEND, settings=settings)
    if drift is not None:
        since = "2026-02-01T08:00:00Z"
        made = replace(made, observations=replace(made.observations, baseline=since, drift=drift))
    outcome, code = verdict(made.observations)
    found = judged(made.observations)
    return replace(made, outcome=outcome, exit_code=code, diagnoses=found)


def shown(name: str, whole: Report) -> str:
    return "".join(FORMATS[name](whole, PLAIN, verbose=False, quiet=False))


UNMET = report(run(certificate_days=365, mechanisms=["XOAUTH2"], total_ms=60_000, send_ms=60_000))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_each_unmet_expectation(name: str) -> None:
    text = shown(name, UNMET)
    assert all(cause in text for cause in CAUSES)


def case(whole: Report, name: str = "expectations") -> Element | None:
    return fromstring(shown("junit", whole)).find(f"testsuite/testcase[@name='{name}']")  # noqa: S314


def test_junit_has_one_failed_case_for_them_and_the_stages_pass() -> None:
    found = case(UNMET)
    assert found is not None
    failure = found.find("failure")
    assert failure is not None
    assert all(each in str(failure.text) for each in CAUSES)
    for stage in Stage:
        passed = case(UNMET, stage.value)
        assert passed is not None
        assert passed.find("failure") is None


def test_junit_has_the_case_as_passed_where_all_are_met_and_not_where_none_are() -> None:
    met = case(report(run(total_ms=60_000)))
    assert met is not None
    assert list(met) == []
    assert case(report(run())) is None


def test_junit_skips_the_case_where_a_stage_failed() -> None:
    [failed] = failed_auth().targets
    settings = {**failed.observations.settings, "expect.total_ms": 60_000}
    seen = replace(failed.observations, settings=settings)
    found = case(report(replace(failed, observations=seen)))
    assert found is not None
    skipped = found.find("skipped")
    assert skipped is not None
    assert skipped.text == skipped.get("message") == "a stage did not pass"


def test_nagios_is_critical_and_has_the_expectations_as_ranges() -> None:
    text = shown("nagios", UNMET)
    assert text.startswith("SMTP CRITICAL - ")
    assert ";;365:" in text
    first = text.partition("\n")[0]
    times = {each.split("=")[0]: each for each in first.split("|")[1].split()}
    assert times["time"].endswith(";;60;0")
    assert times["send"].endswith(";;60;0")
    assert times["auth"].endswith(";;;0")


def test_metrics_say_that_the_probe_failed_and_its_stages_did_not() -> None:
    text = shown("prometheus", UNMET)
    assert 'probe_success{target="office"} 0' in text
    assert 'smtpcheck_stage_success{target="office",stage="tls"} 1' in text
    assert 'smtpcheck_exit_code{target="office"} 15' in text


@pytest.mark.parametrize("name", ["text", "markdown", "html", "junit"])
def test_drift_is_told_where_people_read(name: str) -> None:
    text = shown(name, report(run(drift=CHANGES)))
    plain = text.replace("\\", "")
    for words in ("2026-02-01T08:00:00Z", "lost LOGIN", "was 1.2, now 1.3"):
        assert words in plain
    assert "nothing changed" in shown(name, report(run(drift=())))
    assert "2026-02-01" not in shown(name, report(run()))


def test_of_many_targets_each_change_stands_below_its_line() -> None:
    told = TextStream(PLAIN).told(run(drift=CHANGES)).splitlines()
    assert told[0].endswith("office")
    assert [" ".join(each.split()) for each in told[1:]] == [
        "mechanisms lost LOGIN",
        "tls version was 1.2, now 1.3",
    ]
    assert len(TextStream(PLAIN).told(run(drift=())).splitlines()) == 1
    assert TextStream(PLAIN, quiet=True).told(run(drift=CHANGES)) == ""


def test_drift_fails_nothing_unless_it_is_expected_not_to_be() -> None:
    assert run(drift=CHANGES).exit_code == 0
    assert run(drift=CHANGES, unchanged=["size"]).exit_code == 0
    assert run(drift=CHANGES, unchanged=["mechanisms"]).exit_code == 15


def test_json_keeps_drift_and_reads_it_back() -> None:
    whole = report(run(drift=CHANGES, unchanged=["mechanisms"]))
    data = json.loads("".join(render_json(whole)))
    [saved] = data["targets"]
    assert saved["drift"][0] == {
        "what": "mechanisms",
        "before": ["PLAIN", "LOGIN"],
        "now": ["PLAIN"],
    }
    [again] = report_from_data(data).targets
    assert judged(again.observations) == whole.targets[0].diagnoses
    assert verdict(again.observations)[1] == 15
    assert json.loads("".join(render_json(report(run()))))["targets"][0]["baseline"] is None
