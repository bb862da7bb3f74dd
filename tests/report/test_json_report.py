"""JSON: the keys that others rely on, and the way back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import smtpcheck
from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Evidence, Owner, Severity
from smtpcheck.model.errors import UsageError
from smtpcheck.model.observation import ExperimentResult, Observations, StageResult, Step
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.transcript import Event, Who
from smtpcheck.report.json_report import render_json, report_from_data, report_to_data
from tests.report.samples import SAMPLES, failed_auth, hostile_server, passed_starttls

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TIMES = st.floats(0, 1e6).map(lambda each: round(each, 3))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
TAKEN = ("step", "outcome", "elapsed_ms", "summary", "name")
FACTS = st.dictionaries(WORDS.filter(lambda each: each not in TAKEN), JSON, max_size=3)
OUTCOMES = st.sampled_from(Outcome)
MANY = 3


def tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of, max_size=MANY).map(tuple)


EVIDENCE = st.builds(
    Evidence, st.integers(0, 99), WORDS, tuples(st.tuples(st.integers(0, 99), st.integers(0, 99)))
)
DIAGNOSES = st.builds(
    Diagnosis,
    WORDS,
    st.sampled_from(Severity),
    WORDS,
    WORDS,
    st.sampled_from(Confidence),
    st.sampled_from(Owner),
    st.booleans(),
    WORDS,
    tuples(WORDS),
    tuples(st.builds(Change, WORDS, JSON, st.booleans())),
    tuples(EVIDENCE),
    tuples(WORDS),
)
STEPS = st.builds(Step, WORDS, OUTCOMES, TIMES, WORDS, FACTS)
STAGES = st.builds(
    StageResult, st.sampled_from(Stage), OUTCOMES, tuples(STEPS), st.none() | WORDS, TIMES
)
SEEN = st.builds(
    Observations,
    FACTS,
    tuples(STAGES),
    tuples(st.builds(ExperimentResult, WORDS, OUTCOMES, WORDS, TIMES, FACTS)),
    tuples(st.builds(Event, st.integers(1, 99), TIMES, st.sampled_from(Who), WORDS)),
    st.booleans(),
)
TARGETS = st.builds(
    TargetReport,
    WORDS,
    st.none() | WORDS,
    OUTCOMES,
    st.integers(0, 130),
    SEEN,
    tuples(DIAGNOSES),
    tuples(WORDS),
)
REPORTS = st.builds(Report, WORDS, OUTCOMES, st.integers(0, 130), tuples(TARGETS))


@given(REPORTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_was_written_reads_back_the_same(report: Report) -> None:
    assert report_from_data(report_to_data(report)) == report
    assert report_from_data(json.loads("".join(render_json(report)))) == report


def test_samples_look_as_they_did(golden: Callable[[str, str], None]) -> None:
    for name in ("passed_starttls", "failed_auth", "failed_tcp", "hostile_server", "interrupted"):
        text = "".join(render_json(SAMPLES[name]()))
        golden(f"report_json_{name}.json", text.replace(smtpcheck.__version__, "VERSION", 1))


@pytest.mark.parametrize("name", SAMPLES)
def test_json_is_ascii_and_gives_no_orders(name: str) -> None:
    text = "".join(render_json(SAMPLES[name]()))
    assert text.isascii()
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert not re.search(r"##[A-Za-z]*\[", text)
    json.loads(text)


def test_keys_stand_in_the_promised_order() -> None:
    data: Any = report_to_data(failed_auth())
    assert list(data) == ["schema", "tool", "started", "outcome", "exit_code", "targets"]
    target = data["targets"][0]
    assert list(target)[:8] == [
        *("target", "profile", "outcome", "exit_code"),
        *("stages", "experiments", "diagnoses", "transcript"),
    ]
    assert list(target["stages"][0]) == ["stage", "outcome", "blocked_by", "elapsed_ms", "steps"]
    assert list(target["stages"][0]["steps"][0])[:4] == ["step", "outcome", "elapsed_ms", "summary"]
    assert list(target["diagnoses"][0]) == [
        *("cause", "severity", "title", "stage", "confidence", "owner", "retryable", "why"),
        *("help", "changes", "evidence", "references"),
    ]
    assert list(target["transcript"][0]) == ["n", "at_ms", "who", "text"]
    assert data["schema"] == 1
    assert target["stages"][4] == {
        "stage": "send",
        "outcome": "skipped",
        "blocked_by": "auth",
        "elapsed_ms": 0.0,
        "steps": [],
    }


def test_facts_stand_beside_the_step_and_never_in_its_place() -> None:
    step = Step("tcp.connect", Outcome.PASSED, 1.23456, "fine", {"address": "::1", "outcome": "no"})
    seen = Observations({}, (StageResult(Stage.TCP, Outcome.PASSED, (step,)),))
    target = TargetReport("x", None, Outcome.PASSED, 0, seen)
    data: Any = report_to_data(Report("", Outcome.PASSED, 0, (target,)))
    assert data["targets"][0]["profile"] is None
    assert data["targets"][0]["stages"][0]["steps"] == [
        {
            "step": "tcp.connect",
            "outcome": "passed",
            "elapsed_ms": 1.235,
            "summary": "fine",
            "address": "::1",
        }
    ]


def test_half_characters_are_replaced() -> None:
    text = "".join(render_json(hostile_server()))
    assert "\\ud800" not in text
    assert "\\ufffd" in text
    text.encode()


def test_numbers_that_json_cannot_say_become_null() -> None:
    one = passed_starttls().targets[0]
    odd = replace(one.observations, settings={"x": math.inf, "y": [math.nan, 1]})
    report = replace(passed_starttls(), targets=(replace(one, observations=odd),))
    data = json.loads("".join(render_json(report)))
    assert data["targets"][0]["settings"] == {"x": None, "y": [None, 1]}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), 2, "this report has schema 2; this smtpcheck reads schema 1"),
        (("outcome",), "great", "report.outcome is 'great', not one of passed, warned"),
        (("targets",), "none", "report.targets is 'none', not a list"),
        (("targets", 0, "exit_code"), True, "report.targets[0].exit_code is True, not a whole"),
        (("targets", 0, "stages", 1, "stage"), "udp", "stages[1].stage is 'udp', not one of dns"),
        (("targets", 0, "stages", 1, "elapsed_ms"), "1", "elapsed_ms is '1', not a number"),
        (("targets", 0, "diagnoses", 0, "help"), [1], "diagnoses[0].help[0] is 1, not a string"),
        (
            ("targets", 0, "diagnoses", 0, "evidence", 0, "spans"),
            [[1]],
            "evidence[0].spans[0] is [1], not two whole numbers",
        ),
    ],
)
def test_wrong_data_is_named_with_its_place(
    path: tuple[Any, ...], value: object, message: str
) -> None:
    data: Any = json.loads("".join(render_json(failed_auth())))
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(UsageError, match=re.escape(message)):
        report_from_data(data)


def test_missing_key_is_named() -> None:
    data: Any = report_to_data(failed_auth())
    del data["targets"][0]["transcript"]
    with pytest.raises(UsageError, match=r"report\.targets\[0\]\.transcript is missing"):
        report_from_data(data)


@pytest.mark.parametrize("data", [None, [], 3, "text"])
def test_what_is_no_report_is_refused(data: Any) -> None:
    with pytest.raises(UsageError, match="not a report of smtpcheck"):
        report_from_data(data)


def test_report_without_the_added_keys_is_read() -> None:
    data: Any = json.loads("".join(render_json(failed_auth())))
    for key in ("settings", "notes", "interrupted"):
        del data["targets"][0][key]
    for evidence in data["targets"][0]["diagnoses"][0]["evidence"]:
        del evidence["spans"]
    data["targets"][0]["something new"] = 1
    assert report_from_data(data).targets[0].target == "office365"
