"""The probe names the cause that each named failure of the sandbox stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.secret import Secret, SecretRef, SecretSource
from smtpcheck.sandbox.bearer import TOKEN_MECHANISMS
from smtpcheck.sandbox.scenario import Scenario, load_scenarios
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.store.profile_reader import profile_from_settings
from tests.failing.case import Expected, expectations
from tests.failing.checking import assert_names
from tests.scripted.probing import passed, shown

SCENARIOS = load_scenarios()
FAILING = [each for each in SCENARIOS.values() if each.cause]
WANTED = expectations("scenarios")


def probed(scenario: Scenario, security: str = "starttls", method: str = "") -> TargetReport:
    """The report of a probe with all five stages against a sandbox that plays this; by a token
    where the method, or all that is offered, takes one."""
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
        tokens = set(server.mechanisms) <= set(TOKEN_MECHANISMS)
        method = method or ("xoauth2" if tokens else "auto")
        secret = server.token if tokens else server.password
        given = SecretRef(SecretSource.GIVEN, given=Secret(secret))
        auth = replace(loaded.profile.auth, password=given, method=method)
        loaded = replace(loaded, profile=replace(loaded.profile, auth=auth))
        return probe(Job("sandbox", loaded, Plan(deadline=5.0)))


@pytest.mark.parametrize("scenario", FAILING, ids=lambda each: each.name)
def test_cause_and_fix_are_found(scenario: Scenario) -> None:
    words = WANTED[scenario.name]
    assert_names(probed(scenario), Expected(cause=scenario.cause, **words))


@pytest.mark.parametrize("name", ["token-expired", "token-wrong-scope", "token-wrong-user"])
def test_a_refused_token_is_told_apart_by_oauthbearer_too(name: str) -> None:
    report = probed(SCENARIOS[name], method="oauthbearer")
    why = tuple(word for word in WANTED[name]["why"] if word != "401")
    assert_names(report, Expected(cause=SCENARIOS[name].cause, **{**WANTED[name], "why": why}))
    said = [event.text for event in report.observations.transcript]
    assert any(line.startswith("334 ") for line in said)
    assert any(line.startswith("535 5.7.8") for line in said), "the refusal behind the JSON"


@pytest.mark.parametrize("method", ["xoauth2", "oauthbearer"])
def test_a_good_token_is_accepted(method: str) -> None:
    report = probed(SCENARIOS["token-accepted"], method=method)
    assert passed(report), shown(report)


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
