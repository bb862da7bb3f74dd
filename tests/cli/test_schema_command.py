"""The JSON Schemas: every output keeps to them, and they say no less than what is written."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from smtpcheck.report import schema_commands as commands
from smtpcheck.report.json_report import render_json, report_from_data
from smtpcheck.report.jsonl import render_jsonl
from smtpcheck.report.schema_profile import profile_schema
from smtpcheck.report.schema_report import explanation_schema, line_schema, report_schema
from tests.cli.command_line import CommandLine
from tests.profile_reading import problems, read
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.samples import SAMPLES
from tests.schema_check import closed, keeps_to, valid

ROOT = Path(__file__).resolve().parent.parent.parent
PRESETS = sorted((ROOT / "profiles").glob("*.toml"))
GOLDEN = sorted((ROOT / "tests" / "golden").glob("report_json_*.json"))


@pytest.mark.parametrize("make", [profile_schema, report_schema, line_schema, explanation_schema])
def test_a_schema_is_one(make: Any) -> None:
    Draft202012Validator.check_schema(make())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_keeps_to_its_schema_and_holds_no_more(name: str) -> None:
    valid(json.loads("".join(render_json(SAMPLES[name]()))), closed(report_schema()))
    for line in "".join(render_jsonl(SAMPLES[name]())).splitlines():
        valid(json.loads(line), closed(line_schema()))


@pytest.mark.parametrize("name", HOSTILES)
def test_server_text_changes_no_shape(name: str) -> None:
    valid(json.loads("".join(render_json(hostile_report(HOSTILES[name])))), closed(report_schema()))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_kept_reports_keep_to_it(path: Path) -> None:
    valid(json.loads(path.read_text()), report_schema())


CONTRACT = (
    *("target", "profile", "outcome", "exit_code"),
    *("stages", "experiments", "diagnoses", "transcript"),
)
"""The keys of a target that every version has written; others came later."""


def test_what_an_older_version_wrote_is_valid_where_it_is_read() -> None:
    data = json.loads("".join(render_json(SAMPLES["failed_auth"]())))
    for target in data["targets"]:
        for key in [each for each in target if each not in CONTRACT]:
            del target[key]
        for diagnosis in target["diagnoses"]:
            for evidence in diagnosis["evidence"]:
                del evidence["spans"]
    assert report_from_data(data).targets
    valid(data, report_schema())
    head = {key: data[key] for key in ("schema", "tool", "started")}
    valid({**head, **data["targets"][0]}, line_schema())


def test_no_key_of_a_target_is_missing_that_the_schema_names() -> None:
    data = json.loads("".join(render_json(SAMPLES["failed_auth"]())))
    schema: Any = json.loads(json.dumps(report_schema()))["$defs"]["target"]
    assert list(data["targets"][0]) == list(schema["properties"])
    assert tuple(schema["required"]) == CONTRACT


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("outcome",), "fine"),
        (("targets", 0, "exit_code"), "13"),
        (("targets", 0, "stages", 0, "stage"), "smtp"),
        (("targets", 0, "diagnoses", 0, "owner"), "somebody"),
        (("targets", 0, "diagnoses", 0, "evidence", 0, "spans"), [[1]]),
        (("targets", 0, "transcript", 0, "who"), "X"),
        (("started",), "yesterday"),
    ],
)
def test_what_is_no_report_does_not_pass(path: tuple[Any, ...], value: object) -> None:
    data = json.loads("".join(render_json(SAMPLES["failed_auth"]())))
    broken = copy.deepcopy(data)
    place = broken
    for each in path[:-1]:
        place = place[each]
    place[path[-1]] = value
    with pytest.raises(ValidationError):
        valid(broken, report_schema())


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_what_presets_set_is_what_a_profile_may_set(path: Path) -> None:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    del data["preset"]
    valid(data, profile_schema())


GOOD = """schema = 1
preset = "office365"
tags = ["a"]
[server]
host = "smtp.example.com"
port = 587
security = "starttls"
timeout = 5
[tls]
fingerprint = "9f:86:FINGERPRINT"
[auth]
username = "u"
password = { command = ["pass", "smtp"] }
[auth.oauth]
issuer = "microsoft"
[test]
to = ["ops@example.com"]
[expect]
certificate_days = 21
""".replace("FINGERPRINT", ":".join(["d0"] * 30))


def test_a_profile_that_is_read_passes() -> None:
    read(GOOD)
    valid(tomllib.loads(GOOD), profile_schema())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema = 1", "schema = 2"),
        ("port = 587", "port = 70000"),
        ("port = 587", 'port = "587"'),
        ('"starttls"', '"ssl"'),
        ("timeout = 5", "timeout = 0"),
        ('host = "', 'hots = "'),
        ("[test]", "[tset]"),
        ('{ command = ["pass", "smtp"] }', '"hunter2"'),
        ('{ command = ["pass", "smtp"] }', '{ env = "A", file = "b" }'),
        ('{ command = ["pass", "smtp"] }', '{ env = "$A" }'),
        ('["ops@example.com"]', '"self"'),
        ("9f:86", "9f86d"),
    ],
)
def test_a_profile_that_is_refused_does_not_pass(old: str, new: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    assert problems(text)
    with pytest.raises(ValidationError):
        valid(tomllib.loads(text), profile_schema())


@pytest.mark.parametrize(
    "text",
    [
        "535 5.7.8 Username and Password not accepted",
        "nothing of mail",
        "Mar  1 09:30:00 mx postfix/smtp[1]: A1: to=<a@example.com>, relay=m[192.0.2.1]:25, "
        "dsn=5.1.1, status=bounced (host m said: 550 5.1.1 User unknown)\n" * 2,
    ],
)
def test_explanations_keep_to_their_schema(smtpcheck: CommandLine, text: str) -> None:
    told = smtpcheck("explain", "-", "--format", "json", stdin=text.encode()).out
    valid(json.loads(told), explanation_schema())
    line = json.dumps({"id": 7, "text": text}).encode()
    told = smtpcheck("explain", "--format", "jsonl", stdin=line + b"\n").out
    valid(json.loads(told), explanation_schema())


GOOD_AND_BROKEN = {
    "good": 'tags = ["a"]\n[server]\nhost = "smtp.example.com"\nport = 465\nsecurity = "none"\n'
    '[auth]\nusername = "u"\npassword = { env = "NOT_SET" }\n',
    "broken": 'prt = 1\n[server]\nhost = "x"\n',
}


@pytest.mark.parametrize(
    ("arguments", "make"),
    [
        (("profile", "list"), commands.profiles_schema),
        (("profile", "show", "good"), commands.settings_schema),
        (("profile", "show", "good", "--origin"), commands.settings_schema),
        (("profile", "lint"), commands.lint_schema),
        (("profile", "presets"), commands.presets_schema),
        (("profile", "path"), commands.path_schema),
        (("profile", "drafts", "list"), commands.drafts_schema),
        (("secret", "status", "good"), commands.secrets_schema),
        (("login", "--status"), commands.logins_schema),
        (("causes",), commands.causes_schema),
        (("explain", "cert-expired"), commands.cause_schema),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_commands_write_keeps_to_its_schema(
    smtpcheck: CommandLine, arguments: tuple[str, ...], make: Any
) -> None:
    for name, text in GOOD_AND_BROKEN.items():
        smtpcheck.write(name, text)
    if arguments[0] == "login":
        (smtpcheck.folder / "profiles" / "broken.toml").unlink()
    done = smtpcheck(*arguments, "--format", "json")
    data = json.loads(done.out)
    keeps_to(make, data)
    for other in (commands.domain_schema, commands.discover_schema, report_schema):
        with pytest.raises(ValidationError):
            valid(data, other())


def test_the_command_prints_one_or_all(smtpcheck: CommandLine) -> None:
    every = json.loads(smtpcheck("schema").out)
    assert {"profile", "report", "line", "explain", "domain", "discover", "lint"} <= every.keys()
    for name, schema in every.items():
        assert json.loads(smtpcheck("schema", name).out) == schema
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert smtpcheck("schema", "profil").code == 2
