"""What is said of a stage at a glance, and of one that did not run."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.observation import Observations, StageResult, Step
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.essentials import essentials, skip_reason
from smtpcheck.report.verdict import verdict
from tests.report.samples import AUTH, DNS, IMPLICIT, SEND, STARTTLS, TCP, TLS, skipped, target


def said(stage: Stage, steps: dict[str, dict[str, Any]], **settings: Any) -> str:
    made = tuple(Step(name, Outcome.PASSED, 1.0, "", facts) for name, facts in steps.items())
    seen = Observations(settings, ())
    return ", ".join(essentials(StageResult(stage, Outcome.PASSED, made), seen))


@pytest.mark.parametrize(
    ("stage", "steps", "words"),
    [
        (Stage.DNS, {"dns.name": {"name": "::1", "literal": True}}, "::1, an address: nothing to"),
        (Stage.DNS, {"dns.query": {"addresses": ["192.0.2.1"]}}, "192.0.2.1"),
        (
            Stage.DNS,
            {"dns.system": {"addresses": ["a", "b", "c", "d", "e"], "hosts_file": ["a"]}},
            "a, b and 3 more (from the hosts file)",
        ),
        (Stage.DNS, {}, ""),
        (
            Stage.TCP,
            {"tcp.connect": {"address": "::1", "dead_families": ["ipv4"]}},
            "::1, nothing over ipv4",
        ),
        (
            Stage.TLS,
            {
                "tls.handshake": {
                    "version": "TLSv1.2",
                    "cipher": "X",
                    "verified": False,
                    "chain": [{"subject": "CN=a", "names": ["b", "c"], "days_left": -1}],
                    "server_name": "c",
                }
            },
            "TLSv1.2, X, certificate c, expired 1 day ago, not verified",
        ),
        (Stage.AUTH, {"auth.choose": {"mechanism": "LOGIN"}}, "LOGIN"),
        (
            Stage.AUTH,
            {"auth.login": {"mechanism": "LOGIN", "fallback_from": "PLAIN"}},
            "LOGIN, after PLAIN was not known there",
        ),
        (
            Stage.SEND,
            {"send.mail": {}, "send.rcpt": {"accepted": ["a@x", "b@x"], "refused": ["c@x"]}},
            "sender and recipient a@x, b@x accepted, no message sent, refused: c@x",
        ),
        (Stage.SEND, {"send.message": {"size": 9}}, "message accepted, 9 bytes"),
    ],
)
def test_stage_in_a_few_words(stage: Stage, steps: dict[str, dict[str, Any]], words: str) -> None:
    assert said(stage, steps).startswith(words)
    assert bool(words) == bool(said(stage, steps))


@pytest.mark.parametrize(
    ("stage", "settings", "has_profile", "words"),
    [
        (Stage.TLS, {"server.security": "none"}, True, "not used by this profile"),
        (Stage.TLS, {"server.security": "starttls"}, True, "not asked for"),
        (
            Stage.AUTH,
            {"auth.method": "none", "auth.username": "u"},
            True,
            "not used by this profile",
        ),
        (Stage.AUTH, {"auth.method": "auto"}, False, "not used by this target"),
        (Stage.AUTH, {"auth.method": "plain"}, True, "not asked for"),
        (Stage.AUTH, {"auth.method": "auto", "auth.username": "u"}, True, "not asked for"),
        (Stage.DNS, {"server.socket": "/run/x"}, True, "not used by this profile"),
        (Stage.SEND, {}, True, "not asked for"),
    ],
)
def test_skipped_stage_says_why(
    stage: Stage, settings: dict[str, Any], has_profile: bool, words: str
) -> None:
    seen = Observations(settings, ())
    assert skip_reason(skipped(stage), seen, has_profile=has_profile) == words
    assert skip_reason(skipped(stage, "dns"), seen, has_profile=has_profile) == "blocked by dns"


def sentence(report: TargetReport) -> str:
    return "".join(text for text, _ in verdict(report))


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ((DNS, TCP, TLS, AUTH, SEND), "mail leaves through smtp.example.com:587"),
        ((DNS, TCP, TLS, AUTH), "smtp.example.com:587 accepts the login"),
        ((DNS, TCP, TLS), "smtp.example.com:587 speaks SMTP over verified TLS"),
        ((DNS, TCP), "smtp.example.com:587 speaks SMTP"),
        ((DNS,), "smtp.example.com has an address"),
        ((), "nothing was asked for"),
    ],
)
def test_verdict_claims_no_more_than_was_shown(stages: tuple[StageResult, ...], words: str) -> None:
    assert sentence(target(*stages)).endswith(f": {words}")


def test_verdict_of_a_bare_connection() -> None:
    connect = StageResult(Stage.TCP, Outcome.PASSED, TCP.steps[:1])
    report = target(DNS, connect, settings=IMPLICIT)
    assert sentence(report).endswith("smtp.example.com:465 takes connections")


def test_verdict_names_the_protocol_that_was_spoken() -> None:
    report = target(DNS, TCP, settings={**IMPLICIT, "server.protocol": "lmtp"})
    assert sentence(report).endswith(" speaks LMTP")


def test_verdict_of_an_unmet_expectation_names_no_stage() -> None:
    report = target(DNS, TCP, outcome=Outcome.FAILED, exit_code=15, settings=STARTTLS)
    assert sentence(report) == "failed an expectation in 0.1 s (exit 15)"


def test_verdict_of_a_disabled_profile_repeats_its_note() -> None:
    report = target(outcome=Outcome.SKIPPED, notes=("the profile is disabled",), transcript=())
    assert sentence(report) == "skipped: the profile is disabled"
