"""What a server, a profile or a command line says, through every format: of one target, of some,
and of so many that they are told one after the other.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.report import Report
from smtpcheck.report import survey
from smtpcheck.report import text as text_module
from smtpcheck.report.escape import is_hidden
from smtpcheck.report.formats import FORMATS
from smtpcheck.report.style import Style
from smtpcheck.report.text_stream import TextStream
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.many import many

STYLES = {
    "wide": Style(120, color=False, unicode=True),
    "ascii": Style(80, color=False, unicode=False),
}
_WHOLE = ("json", "jsonl")
"""Formats that leave nothing out."""
_ROOM = {"text": 330_000, "html": 150_000, "junit": 32_000}
"""Characters of three targets; a command to copy has the whole name of the target, once each."""
_LOG_ORDER = re.compile(r"##[A-Za-z]*\[")


def spoken(text: str, count: int, severity: Severity = Severity.ERROR) -> Report:
    """A run of so many targets whose every word is that text, the name of the profile too."""
    one = replace(hostile_report(text, severity=severity).targets[0], profile=text)
    return replace(many(count, [one])[0], targets=[one] * count)


@pytest.mark.parametrize("few", [10, 2])
@pytest.mark.parametrize("name", HOSTILES)
@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_acts_on_who_reads_it(
    format_: str, name: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "FEW", few)
    monkeypatch.setattr(survey, "ALL", few)
    for style in STYLES.values():
        made = spoken(HOSTILES[name], 3 if few == 2 else 1)
        text = "".join(FORMATS[format_](made, style, verbose=False, quiet=False))
        assert text.endswith("\n")
        assert not {char for char in text if char != "\n" and is_hidden(char)}
        assert not _LOG_ORDER.search(text)
        assert "\ud800" not in text
        text.encode("utf-8")
        if format_ != "github":
            assert not [line for line in text.split("\n") if line.lstrip().startswith("::")]
        if not style.unicode:
            assert text.isascii()


@pytest.mark.parametrize("format_", [name for name in FORMATS if name not in _WHOLE])
@pytest.mark.parametrize("name", ["long", "longest-word"])
def test_endless_lines_are_cut(format_: str, name: str) -> None:
    made = spoken(HOSTILES[name], 3)
    text = "".join(FORMATS[format_](made, STYLES["wide"], verbose=False, quiet=False))
    assert len(text) < _ROOM.get(format_, 25_000)


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("name", HOSTILES)
def test_a_line_of_json_is_one_line_and_the_text_comes_back(name: str, severity: Severity) -> None:
    made = spoken(HOSTILES[name], 3, severity)
    text = "".join(FORMATS["jsonl"](made, STYLES["wide"], verbose=False, quiet=False))
    assert text.isascii()
    assert text.count("\n") == 3
    assert len(text.splitlines()) == 3
    for line in text.splitlines():
        told = json.loads(line)["diagnoses"][0]["title"]
        assert told == re.sub("[\ud800-\udfff]", "\ufffd", HOSTILES[name])


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", HOSTILES)
def test_results_that_come_one_by_one_are_as_harmless(name: str, *, verbose: bool) -> None:
    stream = TextStream(STYLES["wide"], verbose=verbose)
    usual = TextStream(STYLES["wide"], verbose=verbose)
    for hostile, plain in zip(
        spoken(HOSTILES[name], 5).targets, spoken("plain", 5).targets, strict=True
    ):
        text, known = stream.told(hostile), usual.told(plain)
        assert not {char for char in text if char != "\n" and is_hidden(char)}
        assert not re.search(r"^\s*::|##[A-Za-z]*\[", text, re.MULTILINE)
        # Lines of ours are told apart from those of others by where they stand.
        ours = re.compile(r"^(✗|error\[|  -->|  why:|  fix:|  try)", re.MULTILINE)
        assert len(ours.findall(text)) == len(ours.findall(known))
    text = stream.closing(1)
    assert not {char for char in text if char != "\n" and is_hidden(char)}
    assert text.endswith("0 of 5 targets passed (exit 1)\n")
