"""JUnit XML: by the rules of Jenkins' and GitLab's readers, and through a reader of others."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from junitparser import JUnitXml, TestSuite

from smtpcheck.model.diagnosis import Severity
from smtpcheck.report.junit import render_junit
from smtpcheck.report.troubles import PLAIN
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.samples import (
    AUTH,
    DNS,
    INT,
    SAMPLES,
    TCP,
    TLS,
    F,
    S,
    diagnosis,
    report,
    several_targets,
    target,
)

# What the schema of Jenkins' xUnit plugin lets stand where; GitLab reads a part of it.
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"name", "time", "classname"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase", "system-out"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}
NEEDED = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name", "classname"}}
XML_1_0 = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def held_to_the_schema(text: str) -> ET.Element:
    """The document, once every element and attribute is one that readers know."""
    root = ET.fromstring(text)  # noqa: S314 - our own document
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.keys()) <= ATTRIBUTES[element.tag]
        assert set(element.keys()) >= NEEDED.get(element.tag, set())
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        for value in (*element.attrib.values(), element.text or ""):
            assert not XML_1_0.search(value)
        # GitLab and a plugin of Jenkins take a file of theirs for an attachment.
        assert not re.search(r"\[\[\s*[A-Za-z]+\s*\|", element.text or "")
        if "time" in element.attrib:
            assert re.fullmatch(r"\d+\.\d{3}", element.attrib["time"])
    for suite in root:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
        cases = suite.findall("testcase")
        assert len(cases) == int(suite.attrib["tests"]) > 0
        assert len({case.attrib["name"] for case in cases}) == len(cases)
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert sum(case.find(tag) is not None for case in cases) == int(suite.attrib[name])
        for case in cases:
            # Jenkins: what stands before the last dot is the package.
            assert case.attrib["classname"].count(".") == 1
            assert len([each for each in case if each.tag != "system-out"]) <= 1
    assert len({suite.attrib["name"] for suite in root}) == len(root)
    assert root.attrib["tests"] == str(len(root.findall("testsuite/testcase")))
    return root


@pytest.mark.parametrize("name", SAMPLES)
def test_readers_find_what_they_know_and_count_the_same(name: str, tmp_path: Path) -> None:
    made = SAMPLES[name]()
    place = tmp_path / "report.xml"
    place.write_text("".join(render_junit(made, PLAIN)), encoding="utf-8")
    root = held_to_the_schema(place.read_text(encoding="utf-8"))
    read = JUnitXml.fromfile(str(place))
    suites: list[TestSuite] = list(read)
    assert len(suites) == len(made.targets)
    for suite, each in zip(suites, made.targets, strict=True):
        assert (suite.failures > 0) == (each.outcome is F)
        assert (suite.errors > 0) == (each.outcome is INT)
        for case in suite:
            for result in case.result:
                assert result.message
    for failure in root.iter("failure"):
        assert failure.text is not None
        assert failure.text.startswith(failure.attrib["type"])


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("name", HOSTILES)
def test_server_text_cannot_break_the_document(name: str, severity: Severity) -> None:
    made = hostile_report(HOSTILES[name], severity=severity)
    text = "".join(render_junit(made, PLAIN))
    root = held_to_the_schema(text)
    assert text.isascii()
    assert len(text) < 60_000
    assert len(root.findall("testsuite")) == 2
    assert len(root.findall("testsuite/testcase")) == 10
    assert len(root.findall(".//failure")) == (2 if severity is Severity.ERROR else 0)


def test_an_expectation_that_is_not_met_is_a_case_of_its_own() -> None:
    wrong = diagnosis("expectation-total-time", "the run took 6 s, not 5", "", "slow", ("wait",))
    one = target(DNS, TCP, TLS, AUTH, outcome=F, exit_code=15, diagnoses=(wrong,))
    root = held_to_the_schema("".join(render_junit(report(one), PLAIN)))
    failed = [each for each in root.iter("testcase") if each.find("failure") is not None]
    assert [each.attrib["name"] for each in failed] == ["expectations"]


def test_an_expectation_of_a_stage_that_passed_is_a_failure_too() -> None:
    wrong = diagnosis("expectation-min-tls", "TLS 1.2, not 1.3", "tls", "old", ("renew",))
    one = target(DNS, TCP, TLS, AUTH, outcome=F, exit_code=15, diagnoses=(wrong,))
    root = held_to_the_schema("".join(render_junit(report(one), PLAIN)))
    failed = [each for each in root.iter("testcase") if each.find("failure") is not None]
    assert [each.attrib["name"] for each in failed] == ["expectations"]


@pytest.mark.parametrize(("outcome", "tag"), [(S, "skipped"), (INT, "error")])
def test_a_target_that_was_not_begun_has_a_case(outcome: object, tag: str) -> None:
    one = target(outcome=S if outcome is S else INT, notes=("the profile is disabled",))
    root = held_to_the_schema("".join(render_junit(report(one), PLAIN)))
    assert root.find(f"testsuite/testcase/{tag}") is not None


def test_a_target_that_is_named_twice_is_told_apart() -> None:
    twice = several_targets().targets[0]
    root = held_to_the_schema("".join(render_junit(report(twice, replace(twice)), PLAIN)))
    assert [each.attrib["name"] for each in root] == ["relay", "relay #2"]
