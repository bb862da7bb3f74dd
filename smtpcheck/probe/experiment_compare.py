"""Experiments that send nothing: this machine's clock, and who the server says that it is."""

from __future__ import annotations

from datetime import UTC, datetime

from smtpcheck.diagnosis.clock import compared_clocks
from smtpcheck.diagnosis.facts import common_facts
from smtpcheck.diagnosis.interception import compared_names
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.stage import Outcome


def compare_clock(observations: Observations) -> ExperimentResult:
    """This machine's clock against the date in the server's greeting."""
    greeting = common_facts(observations).get("tcp.greeting.reply.text")
    facts = compared_clocks(str(greeting or ""), datetime.now(UTC))
    said = f"it is {facts['local']} here and {facts['greeting'] or 'unknown'} at the server"
    outcome = Outcome.WARNED if facts["wrong"] else Outcome.PASSED
    return ExperimentResult("clock", outcome, said, 0.0, facts)


def compare_names(observations: Observations) -> ExperimentResult:
    """The names that the server gives itself against the one that was meant."""
    facts = compared_names(common_facts(observations))
    told = ("banner", "ehlo", "certificate")
    listed = ", ".join(f"{what} {_words(facts[what])}" for what in told if facts[what])
    if facts["contradicts"]:
        said = f"wanted {facts['host']}, and what answers calls itself otherwise: {listed}"
        return ExperimentResult("interception", Outcome.WARNED, said, 0.0, facts)
    said = f"what answers fits {facts['host']}: {listed or 'nothing told'}"
    return ExperimentResult("interception", Outcome.PASSED, said, 0.0, facts)


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
