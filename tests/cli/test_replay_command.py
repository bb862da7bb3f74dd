"""`smtpcheck replay`: a saved report judged again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smtpcheck.report.json_report import render_json
from tests.cli.command_line import CommandLine
from tests.report import samples


def saved(folder: Path) -> Path:
    """A report whose diagnoses are out of date: another catalogue made them."""
    data = json.loads("".join(render_json(samples.failed_auth())))
    data["targets"][0]["diagnoses"] = []
    file = folder / "report.json"
    file.write_text(json.dumps(data))
    return file


def test_a_saved_report_is_judged_again(smtpcheck: CommandLine, tmp_path: Path) -> None:
    done = smtpcheck("replay", str(saved(tmp_path)))
    assert (done.code, done.err) == (13, "")
    assert "error[auth-" in done.out


def test_json_comes_out_as_json(smtpcheck: CommandLine, tmp_path: Path) -> None:
    file = saved(tmp_path)
    data = json.loads(smtpcheck("replay", str(file), "--format", "json").out)
    before = json.loads(file.read_text())
    assert data["targets"][0]["diagnoses"][0]["cause"].startswith("auth-")
    assert data["started"] == before["started"]
    assert data["targets"][0]["transcript"] == before["targets"][0]["transcript"]
    again = smtpcheck("replay", "-", stdin=json.dumps(data).encode())
    assert again.code == 13


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "is no JSON"),
        ("{}", "report.schema is missing"),
        ('{"schema": 99}', "schema 99"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_report_is_a_usage_error(
    smtpcheck: CommandLine, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "report.json"
    file.write_text(text)
    done = smtpcheck("replay", str(file))
    assert done.code == 2
    assert said in done.err


def test_a_file_that_is_not_there_is_a_usage_error(smtpcheck: CommandLine) -> None:
    done = smtpcheck("replay", "nothing.json")
    assert (done.code, "cannot read nothing.json" in done.err) == (2, True)
