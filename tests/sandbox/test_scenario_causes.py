"""The probe names the cause that each named failure of the sandbox stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.secret import Secret, SecretRef, SecretSource
from smtpcheck.sandbox.scenario import Scenario, load_scenarios
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.store.profile_reader import profile_from_settings
from tests.failing.case import Expected, expectations
from tests.failing.checking import assert_names
from tests.scripted.probing import passed, shown

SCENARIOS = load_scenarios()
FAILING = [each for each in SCENARIOS.values() if each.cause]
WANTED = expectations("scenarios")


def probed(scenario: Scenario, security: str = "starttls") -> TargetReport:
    """The report of a probe with all five stages against a sandbox that plays this."""
    with Sandbox(scenario=scenario) as server:
        implicit = security == "tls"
        loaded = profile_from_settings(
            {
                "server": {
                    "host": "localhost",
                    "port": server.submissions_port if implicit else server.submission_port,
                    "security": security,
                    "timeout": 0.6,
                },
                "tls": {"ca_file": str(server.ca_file)},
                "auth": {"username": server.username, "password": {"prompt": True}},
                "sender": {"address": server.username},
                "test": {"to": ["self"]},
            },
            environment={},
        )
        given = SecretRef(SecretSource.GIVEN, given=Secret(server.password))
        auth = replace(loaded.profile.auth, password=given)
        loaded = replace(loaded, profile=replace(loaded.profile, auth=auth))
        return probe(Job("sandbox", loaded, Plan(deadline=5.0)))


@pytest.mark.parametrize("scenario", FAILING, ids=lambda each: each.name)
def test_cause_and_fix_are_found(scenario: Scenario) -> None:
    words = WANTED[scenario.name]
    assert_names(probed(scenario), Expected(cause=scenario.cause, **words))


def test_of_every_named_failure_it_is_said_what_the_probe_must_find() -> None:
    assert list(WANTED) == [each.name for each in FAILING]
    assert len(FAILING) >= 100


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("name", ["good", "expires-soon", "closes-at-quit"])
def test_what_is_no_failure_passes(name: str, security: str) -> None:
    scenario = SCENARIOS.get(name, Scenario())
    report = probed(scenario, security)
    assert passed(report), shown(report)


@pytest.mark.parametrize(
    ("name", "cause"),
    [("few-iterations", "auth-scram-weak"), ("weaker-in-tls", "auth-weaker-in-tls")],
)
def test_what_deserves_a_look_passes_with_a_warning(name: str, cause: str) -> None:
    report = probed(SCENARIOS[name])
    assert passed(report), shown(report)
    assert [(each.cause, each.severity.value) for each in report.diagnoses] == [(cause, "warning")]


def test_a_slow_greeting_passes_when_the_timeout_allows_it() -> None:
    late = replace(SCENARIOS["slow-greeting"], delay={"CONNECT": 0.3})
    assert passed(probed(late))
