"""Rules and configuration for Prometheus, in Prometheus' own hands."""

from __future__ import annotations

import re
from typing import Any

import pytest

from smtpcheck.catalog.loader import load_catalog
from tests.contrib.pieces import CONTRIB, documents, good, needed

FOLDER = CONTRIB / "prometheus"
RULES = FOLDER / "smtpcheck.rules.yml"
TESTS = FOLDER / "smtpcheck.rules.test.yml"


def alerts() -> list[dict[str, Any]]:
    (rules,) = documents(RULES)
    return [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]


@pytest.mark.lab
def test_prometheus_takes_rules_and_configuration() -> None:
    promtool = needed("promtool", "prometheus")
    good([promtool, "check", "rules", str(RULES)])
    good([promtool, "check", "config", str(FOLDER / "prometheus.yml")])


@pytest.mark.lab
def test_the_alerts_fire_when_they_should_and_say_what_they_should() -> None:
    good([needed("promtool", "prometheus"), "test", "rules", str(TESTS)])


def test_every_alert_is_tested_to_fire() -> None:
    (tests,) = documents(TESTS)
    fired = {
        case["alertname"]
        for test in tests["tests"]
        for case in test.get("alert_rule_test", [])
        if case.get("exp_alerts")
    }
    assert {rule["alert"] for rule in alerts()} == fired


def test_every_alert_says_what_to_do_and_how_bad_it_is() -> None:
    for rule in alerts():
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert {"summary", "description"} <= set(rule["annotations"]), rule["alert"]


def test_the_causes_in_the_tests_are_causes_of_the_catalogue() -> None:
    known = {cause.id for cause in load_catalog().causes.values()}
    named = set(re.findall(r'cause="([a-z-]+)"', TESTS.read_text("utf-8")))
    assert named
    assert named <= known
