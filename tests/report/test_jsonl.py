"""JSON lines: each of which can be read alone."""

from __future__ import annotations

import json

import pytest

from smtpcheck.report.json_report import report_to_data
from smtpcheck.report.jsonl import render_jsonl
from tests.report.samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_a_line_holds_what_json_says_of_its_target(name: str) -> None:
    report = SAMPLES[name]()
    text = "".join(render_jsonl(report))
    assert text.isascii()
    assert text.endswith("\n")
    lines = [json.loads(line) for line in text[:-1].split("\n")]
    whole = json.loads(json.dumps(report_to_data(report)))
    run = {key: whole[key] for key in ("schema", "tool", "started")}
    assert lines == [{**run, **target} for target in whole["targets"]]
