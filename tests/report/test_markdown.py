"""Markdown: its shape is ours whatever a server says."""

from __future__ import annotations

import re

import pytest

from smtpcheck.model.diagnosis import Severity
from smtpcheck.report.markdown import render_markdown
from smtpcheck.report.troubles import PLAIN
from tests.report.hostile import HOSTILES, hostile_report
from tests.report.samples import SAMPLES, failed_auth

SPECIAL = re.compile(r"(?<!\\)(?:\\\\)*[<>\[\]`*_]")


def blocks(text: str) -> tuple[list[str], list[str]]:
    """The lines outside and inside of blocks of code."""
    outside: list[str] = []
    inside: list[str] = []
    is_code = False
    for line in text.splitlines():
        if line.startswith("```"):
            is_code = not is_code
        else:
            (inside if is_code else outside).append(line)
    assert not is_code
    return outside, inside


@pytest.mark.parametrize("name", SAMPLES)
def test_tables_have_as_many_cells_as_heads(name: str) -> None:
    outside, _ = blocks("".join(render_markdown(SAMPLES[name](), PLAIN)))
    for line in outside:
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("name", HOSTILES)
def test_server_text_is_shown_and_never_formatted(name: str, severity: Severity) -> None:
    text = "".join(render_markdown(hostile_report(HOSTILES[name], severity=severity), PLAIN))
    usual = "".join(render_markdown(hostile_report("plain", severity=severity), PLAIN))
    outside, inside = blocks(text)
    plain, _ = blocks(usual)
    heads = [line.split(" ")[0] for line in outside if line.startswith("#")]
    assert heads == [line.split(" ")[0] for line in plain if line.startswith("#")]
    assert all(line.startswith("| ") for line in inside)
    for line in outside:
        bare = re.sub(r"^(?:\*\*.*?(?<!\\)\*\*|[|].*)$", "", line)
        assert not SPECIAL.search(bare.replace("**", "")), line
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5
    assert text.isprintable() or not [
        char for char in text if not char.isprintable() and char != "\n"
    ]


def test_cause_evidence_why_and_fix_are_told() -> None:
    text = "".join(render_markdown(failed_auth(), PLAIN))
    assert "### error: auth-smtp-disabled (auth)\n" in text
    assert "```text\n| S 535 5.7.139 " in text
    assert "\nWhy: the tenant's policy refuses" in text
    assert "\n1. (the mail provider) enable authenticated SMTP" in text
