"""Formats in the programs that read them, and by the schemas that were published for them: those of
many targets, and those of whose every text a hostile server is the author.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from xmlschema import XMLSchema

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import Report
from smtpcheck.report.formats import FORMATS
from smtpcheck.report.troubles import PLAIN
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.many import many
from tests.report.samples import SAMPLES

pytestmark = pytest.mark.lab

REPORTS: dict[str, Callable[[], Report]] = {
    **SAMPLES,
    "many": lambda: many(400)[0],
    **{
        f"{severity.value}-{name}": lambda text=text, severity=severity: hostile_report(  # type: ignore[misc] # mypy infers no type for a default
            text, severity=severity
        )
        for severity in Severity
        for name, text in HOSTILES.items()
    },
}


def text_of(format_: str, name: str) -> str:
    return "".join(FORMATS[format_](REPORTS[name](), PLAIN, verbose=False, quiet=False))


@pytest.fixture(scope="module")
def junit_schema() -> XMLSchema:
    """The schema that the xUnit plugin of Jenkins holds a report to."""
    place = os.environ.get("JUNIT_XSD", "")
    if not place:
        pytest.skip("JUNIT_XSD names no junit-10.xsd (it is in pytest's source distribution)")
    return XMLSchema(place)


@pytest.mark.parametrize("name", REPORTS)
def test_junit_keeps_to_the_schema_of_jenkins(junit_schema: XMLSchema, name: str) -> None:
    junit_schema.validate(text_of("junit", name))


def test_the_schema_of_jenkins_refuses_what_it_does_not_know(junit_schema: XMLSchema) -> None:
    text = text_of("junit", "failed_auth")
    assert not junit_schema.is_valid(
        text.replace("<failure", "<fault").replace("/failure", "/fault")
    )


READ_AS_GITLAB = """
require "json"; require "active_support"; require "active_support/core_ext/hash/conversions"
suites = [Hash.from_xml($stdin.read).fetch("testsuites")["testsuite"]].flatten.compact
cases = suites.flat_map do |suite|
  [suite["testcase"]].flatten.compact.map do |one|
    status = %w[failure error skipped].find { |name| one.key?(name) }
    { suite: suite["name"], class: one["classname"], name: one["name"], status: status,
      output: status && one[status], time: one["time"] }
  end
end
puts JSON.generate(cases)
"""
"""The library that GitLab reads with, and what it looks for: the text of a result, no attribute."""


@pytest.mark.parametrize("name", REPORTS)
def test_junit_says_in_gitlab_what_is_wrong(name: str) -> None:
    ruby = shutil.which("ruby")
    asked = ["ruby", "-ractive_support", "-e", "1"]
    if ruby is None or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("ActiveSupport is not installed (Debian: ruby-activesupport)")
    made = REPORTS[name]()
    done = subprocess.run(
        [ruby, "-e", READ_AS_GITLAB],
        input=text_of("junit", name), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    cases = json.loads(done.stdout)
    # What has suite, class and name in common with another one is left out.
    assert len({(each["suite"], each["class"], each["name"]) for each in cases}) == len(cases)
    assert len({each["suite"] for each in cases}) == len(made.targets)
    for each in cases:
        assert float(each["time"]) >= 0
        assert each["status"] is None or (isinstance(each["output"], str) and each["output"])
    failed = sum(target.outcome.value == "failed" for target in made.targets)
    assert sum(each["status"] == "failure" for each in cases) == failed


@pytest.fixture(scope="module")
def multitool() -> Path:
    """The folder of Microsoft's validator of SARIF, and of the schema that comes with it."""
    place = os.environ.get("SARIF_MULTITOOL", "")
    if not place:
        pytest.skip(
            "SARIF_MULTITOOL names no folder (npm package @microsoft/sarif-multitool-linux)"
        )
    return Path(place)


def test_sarif_keeps_to_its_schema(multitool: Path) -> None:
    schema = json.loads((multitool / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for name in REPORTS:
        validator.validate(json.loads(text_of("sarif", name)))
    broken = json.loads(text_of("sarif", "failed_auth"))
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(broken)


def test_the_validator_of_sarif_finds_no_error(multitool: Path, tmp_path: Path) -> None:
    for name in REPORTS:
        (tmp_path / f"{name}.sarif").write_text(text_of("sarif", name), encoding="utf-8")
    broken = text_of("sarif", "failed_auth").replace('"ruleIndex": 0', '"ruleIndex": 7')
    (tmp_path / "broken.sarif").write_text(broken, encoding="utf-8")
    found = validated(multitool, tmp_path)
    # A tool without a site has no address to name; so every file is told of, and was read.
    assert {file for file, rule, _ in found if rule == "SARIF2005"} == {*REPORTS, "broken"}
    rest = [each for each in found if each[1] != "SARIF2005"]
    assert {(file, level) for file, _, level in rest} == {("broken", "error")}


def validated(multitool: Path, folder: Path) -> list[tuple[str, str, str]]:
    """What is wrong with the files of the folder: file, rule, and error or warning."""
    out = folder / "found.json"
    subprocess.run(
        [multitool / "Sarif.Multitool", "validate", "*.sarif", "--output", out.name,
         "--log", "ForceOverwrite", "--level", "Error;Warning", "--quiet"],
        cwd=folder, check=False, timeout=120, capture_output=True,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )  # fmt: skip
    (run,) = json.loads(out.read_text(encoding="utf-8-sig"))["runs"]
    return [
        (
            Path(each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).stem,
            each["ruleId"],
            each.get("level", "warning"),
        )
        for each in run["results"]
    ]


READ_PERFDATA = """
use strict; use warnings; use JSON::PP; use Monitoring::Plugin::Performance use_die => 1;
local $/; my $line = <STDIN>;
print encode_json([map { {label => $_->label, value => $_->value, uom => $_->uom,
  critical => defined $_->critical ? "" . $_->critical : ""} }
  Monitoring::Plugin::Performance->parse_perfstring($line)]);
"""


@pytest.mark.parametrize("name", REPORTS)
def test_performance_data_is_read_by_the_library_of_the_plugins(name: str) -> None:
    perl = shutil.which("perl")
    asked = ["perl", "-MMonitoring::Plugin::Performance", "-e", "1"]
    if perl is None or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("Monitoring::Plugin is not installed (Debian: libmonitoring-plugin-perl)")
    first = text_of("nagios", name).splitlines()[0]
    _, bar, data = first.partition(" | ")
    done = subprocess.run(
        [perl, "-e", READ_PERFDATA], input=data, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert len(read) == data.count("=")
    assert bool(bar) == bool(read)
    for each in read:
        assert each["uom"] in ("", "s")
        assert each["label"].endswith("certificate_days") or float(each["value"]) >= 0
    if name == "many":
        assert {each["label"] for each in read} >= {"passed", "failed"}


@pytest.mark.parametrize("name", REPORTS)
def test_promtool_finds_nothing_to_say(name: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(
        [promtool, "check", "metrics"],
        input=text_of("prometheus", name), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
