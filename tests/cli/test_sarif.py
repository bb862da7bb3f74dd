"""SARIF: the rules of its schema and of GitHub's code scanning, and a reader of others."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sarif_pydantic import Sarif

from smtpcheck.model.diagnosis import Severity
from smtpcheck.report.sarif import Result, render_sarif, sarif_document
from smtpcheck.report.troubles import PLAIN
from tests.cli.command_line import CommandLine
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.samples import SAMPLES, STARTTLS, failed_auth, report


def table(needed: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**needed, **more},
        "required": list(needed),
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
# The part of the schema of SARIF 2.1.0 that these documents use, and no more.
PHYSICAL = table(
    {
        "artifactLocation": table({"uri": {"type": "string", "pattern": r"^[\x21-\x7e]+$"}}),
        "region": table({"startLine": {"type": "integer", "minimum": 1}}),
    }
)
LOGICAL = {"type": "array", "items": table({"fullyQualifiedName": {"type": "string"}})}
RESULT = table(
    {
        "ruleId": TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": table({"text": TEXT}),
        "locations": {
            "type": "array",
            "items": table({"logicalLocations": LOGICAL}, physicalLocation=PHYSICAL),
        },
        "partialFingerprints": {"type": "object", "additionalProperties": TEXT},
    }
)
INVOCATION = table(
    {"executionSuccessful": {"type": "boolean"}},
    exitCode={"type": "integer"},
    startTimeUtc={"type": "string", "format": "date-time"},
)
RULES = {
    "type": "array",
    "uniqueItems": True,
    "items": table({"id": TEXT, "shortDescription": table({"text": TEXT})}),
}
RUN = table(
    {
        "tool": table({"driver": table({"name": TEXT, "version": TEXT, "rules": RULES})}),
        "invocations": {"type": "array", "items": INVOCATION},
        "results": {"type": "array", "items": RESULT},
    }
)
SCHEMA = table(
    {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": RUN},
    }
)


def read(text: str) -> list[dict[str, Any]]:
    """The results of a document that keeps to the rules."""
    data = json.loads(text)
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(SCHEMA, format_checker=checker).validate(data)
    Sarif.model_validate(data)
    (run,) = data["runs"]
    for each in run["results"]:
        assert run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
    prints = [each["partialFingerprints"]["smtpcheck/v1"] for each in run["results"]]
    assert len(set(prints)) == len(prints)
    results: list[dict[str, Any]] = run["results"]
    return results


@pytest.mark.parametrize("name", SAMPLES)
def test_every_cause_is_a_result(name: str) -> None:
    made = SAMPLES[name]()
    rules = [each["ruleId"] for each in read("".join(render_sarif(made, PLAIN)))]
    known = sorted(each.cause for target in made.targets for each in target.diagnoses)
    assert sorted(rule for rule in rules if rule != "unknown-cause") == known


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("name", HOSTILES)
def test_server_text_is_text(name: str, severity: Severity) -> None:
    text = "".join(render_sarif(hostile_report(HOSTILES[name], severity=severity), PLAIN))
    assert text.isascii()
    assert not re.search(r"##[A-Za-z]*\[", text)
    results = read(text)
    assert [each["level"] for each in results] == [severity.value] * 2


def test_a_profile_of_the_repository_is_the_place() -> None:
    one = failed_auth().targets[0]
    seen = replace(one.observations, settings={**STARTTLS, "profile": "ci/the relay.toml"})
    made = report(replace(one, target="./ci/the relay.toml", profile=None, observations=seen))
    ((location,),) = (each["locations"] for each in read("".join(render_sarif(made, PLAIN))))
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "ci/the%20relay.toml"


def test_a_path_outside_is_a_url() -> None:
    (result,) = read("".join(sarif_document([Result("a", "error", "m", "key", "/etc/ä.toml", 7)])))
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///etc/%C3%A4.toml"
    assert place["region"]["startLine"] == 7


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (r"C:\mail\the relay.toml", "file:///C:/mail/the%20relay.toml"),
        ("d:/mail/ä#.toml", "file:///d:/mail/%C3%A4%23.toml"),
        (r"\\server\share\relay.toml", "file://server/share/relay.toml"),
        ("/home/a\\b.toml", "file:///home/a%5Cb.toml"),
        ("ci/relay.toml", "ci/relay.toml"),
        ("a:b.toml", "a%3Ab.toml"),
        ("/home/\udcff.toml", "file:///home/%3F.toml"),
    ],
)
def test_a_path_of_any_system_is_a_uri(path: str, uri: str) -> None:
    (result,) = read("".join(sarif_document([Result("a", "error", "m", "key", path)])))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize("named", [r"ci\relay.toml", r".\ci\relay.toml"])
def test_a_profile_named_as_on_windows_is_the_place(named: str) -> None:
    one = failed_auth().targets[0]
    seen = replace(one.observations, settings={**STARTTLS, "profile": r"ci\relay.toml"})
    made = report(replace(one, target=named, profile=None, observations=seen))
    ((location,),) = (each["locations"] for each in read("".join(render_sarif(made, PLAIN))))
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "ci/relay.toml"


def test_lint_points_at_the_line(
    smtpcheck: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "ci" / "relay.toml"
    place.parent.mkdir()
    place.write_text('schema = 1\n[server]\nhost = "smtp.example.com"\nport = "x"\n')
    monkeypatch.chdir(tmp_path)
    done = smtpcheck("profile", "lint", "ci/relay.toml", "--format", "sarif")
    assert done.code == 1
    (result,) = read(done.out)
    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "ci/relay.toml"
    assert where["region"]["startLine"] == 4
    assert result["ruleId"] == "profile-invalid"


def test_nothing_found_is_a_run_without_results(smtpcheck: CommandLine, tmp_path: Path) -> None:
    place = tmp_path / "relay.toml"
    place.write_text('schema = 1\n[server]\nhost = "smtp.example.com"\n')
    done = smtpcheck("profile", "lint", str(place), "--format", "sarif")
    assert (done.code, read(done.out)) == (0, [])
