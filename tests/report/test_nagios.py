"""The output of a plugin, held to the rules of the Monitoring Plugins Development Guidelines."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import Report
from smtpcheck.report.nagios import State, nagios_state, render_nagios, unknown_output
from smtpcheck.report.troubles import PLAIN
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.samples import (
    SAMPLES,
    STARTTLS,
    failed_auth,
    failed_send_for_now,
    interrupted,
    passed_starttls,
    report,
    several_targets,
)

NUMBER = r"-?\d+(?:\.\d+)?"
RANGE = rf"@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?"
DATUM = re.compile(
    rf"(?:'(?P<quoted>[^'=|]+)'|(?P<plain>[^\s'=|]+))=(?P<value>{NUMBER})(?:s|)"
    rf"(?:;(?P<warn>{RANGE})(?:;(?P<crit>{RANGE})(?:;(?:{NUMBER})?(?:;(?:{NUMBER})?)?)?)?)?"
)
OUTCOMES = {
    "passed_starttls": 0,
    "passed_implicit_with_warnings": 1,
    "failed_send_for_now": 1,
    "failed_dns": 2,
    "failed_tcp": 2,
    "failed_tls": 2,
    "failed_auth": 2,
    "in_doubt": 2,
    "several_targets": 2,
    "interrupted": 3,
}


def read(text: str) -> tuple[str, dict[str, tuple[str, str]], list[str]]:
    """First line, performance data (value and critical range), further lines, as Nagios takes
    them apart."""
    assert text.endswith("\n")
    assert len(text.encode()) <= 8192
    first, *more = text[:-1].split("\n")
    assert all("|" not in line for line in more)
    told, bar, data = first.partition("|")
    assert len(told.rstrip()) <= 80
    found: dict[str, tuple[str, str]] = {}
    rest = data.strip()
    while rest:
        datum = DATUM.match(rest)
        assert datum, rest
        label = datum["quoted"] or datum["plain"]
        assert label not in found
        found[label] = (datum["value"], datum["crit"] or "")
        assert rest[datum.end() : datum.end() + 1] in ("", " ")
        rest = rest[datum.end() :].lstrip()
    assert not bar or found
    return told.rstrip(), found, more


@pytest.mark.parametrize(("name", "code"), OUTCOMES.items())
def test_a_state_is_told_by_word_and_code(name: str, code: int) -> None:
    made = SAMPLES[name]()
    assert nagios_state(made) == code
    assert read("".join(render_nagios(made, PLAIN)))[0].startswith(f"SMTP {State(code).name} - ")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_keeps_the_rules(name: str) -> None:
    read("".join(render_nagios(SAMPLES[name](), PLAIN)))


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("name", HOSTILES)
def test_server_text_cannot_add_a_line_or_a_number(
    name: str, severity: Severity, number: int
) -> None:
    made = hostile_report(HOSTILES[name], severity=severity)
    one = made if number else report(made.targets[0])
    _, data, more = read("".join(render_nagios(one, PLAIN)))
    plain = hostile_report("plain", severity=severity)
    _, usual, lines = read(
        "".join(render_nagios(plain if number else report(plain.targets[0]), PLAIN))
    )
    assert [each for each, _ in data.values()] == [each for each, _ in usual.values()]
    assert len(more) <= len(lines) + 1


def test_times_and_days_are_told_with_what_the_profile_expects() -> None:
    only = passed_starttls().targets[0]
    settings = {**STARTTLS, "expect.total_ms": 5000, "expect.certificate_days": 21}
    seen = replace(only.observations, settings=settings)
    _, data, _ = read("".join(render_nagios(report(replace(only, observations=seen)), PLAIN)))
    assert data["time"] == ("0.266", "5")
    assert data["certificate_days"] == ("74", "21:")
    assert list(data) == ["time", "dns", "tcp", "tls", "auth", "send", "certificate_days"]


def test_several_targets_are_summed_up_the_worst_first() -> None:
    told, data, more = read("".join(render_nagios(several_targets(), PLAIN)))
    assert told.startswith("SMTP CRITICAL - 2 of 4 targets passed, 1 skipped; office365")
    assert data["passed"][0] == "2"
    assert data["failed"][0] == "2"
    assert data["office365 auth"][0] == "0.212"
    states = [line.split("]")[0] for line in more if line.startswith("[")]
    assert states == ["[CRITICAL"] * 2 + ["[OK"] * 3


def test_what_is_unknown_is_worse_than_a_warning_and_better_than_a_failure() -> None:
    def of(*made: Report) -> State:
        return nagios_state(report(*(each.targets[0] for each in made)))

    assert of(failed_send_for_now(), interrupted(), passed_starttls()) is State.UNKNOWN
    assert of(interrupted(), failed_auth()) is State.CRITICAL


def test_a_thousand_targets_stay_within_what_nagios_keeps() -> None:
    one = failed_auth().targets[0]
    many = report(*(replace(one, target=f"profile-{number}") for number in range(1000)))
    told, data, more = read("".join(render_nagios(many, PLAIN)))
    assert "0 of 1000 targets passed" in told
    assert data["failed"][0] == "1000"
    assert more[-1] == "..."


def test_why_there_is_no_report_is_one_line() -> None:
    text = unknown_output("no profile\n | 'x'=1 \x1b[0m" + "y" * 5000)
    assert text.startswith("SMTP UNKNOWN - no profile \\x7c 'x'=1 \\x1b[0m")
    assert text.count("\n") == 1
    assert len(text) < 600
