"""Advice about resolvers: no command with `--resolver` twice, no host called a provider's that is
none."""

from __future__ import annotations

import pytest

from smtpcheck.api import load_target
from smtpcheck.api.job import settings_of
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.facts import common_facts
from smtpcheck.diagnosis.placeholder import fill
from smtpcheck.model.observation import Observations
from smtpcheck.model.plan import Plan


def test_a_fix_that_names_a_resolver_leaves_the_one_in_use_out() -> None:
    job = load_target("smtp.example.com", plan=Plan(resolver="192.0.2.53", relay=True))
    settings = settings_of(job)
    assert "--resolver 192.0.2.53" in str(settings["target"])
    assert "--resolver" not in str(settings["any_resolver"])
    assert "--relay" in str(settings["any_resolver"])
    steps = [
        step
        for cause in load_catalog().causes.values()
        for help_ in (cause.help, *(rule.help or () for rule in cause.rules))
        for step in help_
    ]
    named = [fill(step, settings) for step in steps if "--resolver 9.9.9.9" in step]
    assert any("smtpcheck probe smtp.example.com" in step for step in named)
    assert all(step.count("--resolver") == 1 for step in named)


@pytest.mark.parametrize(
    ("host", "provider", "known"),
    [
        ("smtp.gmail.com", "", True),
        ("smtp.good.test", "postfix-relay", None),
        ("smtp.good.test", "", None),
    ],
)
def test_only_a_name_of_a_provider_is_known_to_exist(
    host: str, provider: str, known: bool | None
) -> None:
    settings = {"server.host": host, "provider": provider}
    facts = common_facts(Observations(stages=(), settings=settings))
    assert facts["known_host"] is known
