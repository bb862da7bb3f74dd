"""The text that people read, for the whole set of sample reports."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.diagnosis import Confidence
from smtpcheck.model.report import Report
from smtpcheck.model.stage import Stage
from smtpcheck.report.escape import cells, is_hidden
from smtpcheck.report.style import Style
from smtpcheck.report.text import render_diagnoses, render_text
from tests.report.samples import (
    HOSTILE,
    SAMPLES,
    failed_auth,
    failed_tls,
    no_rule_matched,
    several_targets,
)

PLAIN = Style(80, color=False, unicode=True)
VARIANTS: dict[str, tuple[Style, dict[str, Any]]] = {
    "80": (PLAIN, {}),
    "120": (Style(120, color=False, unicode=True), {}),
    "40": (Style(40, color=False, unicode=True), {}),
    "80_color": (Style(80, color=True, unicode=True), {}),
    "120_color": (Style(120, color=True, unicode=True), {}),
    "80_ascii": (Style(80, color=False, unicode=False), {}),
    "80_quiet": (PLAIN, {"quiet": True}),
    "100_verbose": (Style(100, color=False, unicode=True), {"verbose": True}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_samples_look_as_they_did(variant: str, golden: Callable[[str, str], None]) -> None:
    style, options = VARIANTS[variant]
    parts = [
        f"======== {name}\n{''.join(render_text(make(), style, **options))}\n"
        for name, make in SAMPLES.items()
    ]
    golden(f"report_text_{variant}.txt", "".join(parts))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("variant", ["80", "40", "120", "80_ascii", "80_quiet", "100_verbose"])
def test_nothing_hidden_is_ever_printed(name: str, variant: str) -> None:
    style, options = VARIANTS[variant]
    text = "".join(render_text(SAMPLES[name](), style, **options))
    assert not [char for char in text if char != "\n" and is_hidden(char)]
    assert style.unicode or text.isascii()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_no_line_is_an_order_to_a_build_server(name: str, variant: str) -> None:
    style, options = VARIANTS[variant]
    text = re.sub(r"\x1b\[[0-9;]*m", "", "".join(render_text(SAMPLES[name](), style, **options)))
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert not re.search(r"##[A-Za-z]*\[", text)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("variant", ["80", "120", "80_ascii", "100_verbose"])
def test_lines_fit_the_terminal(name: str, variant: str) -> None:
    style, options = VARIANTS[variant]
    text = "".join(render_text(SAMPLES[name](), style, **options))
    wide = [line for line in text.splitlines() if cells(line) > style.width]
    assert not [line for line in wide if not line.startswith("  try: ")]


@pytest.mark.parametrize("name", SAMPLES)
def test_colour_changes_no_word(name: str) -> None:
    colored = "".join(render_text(SAMPLES[name](), VARIANTS["80_color"][0]))
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == "".join(render_text(SAMPLES[name](), PLAIN))


def test_markup_in_server_text_paints_nothing() -> None:
    colored = "".join(render_text(SAMPLES["hostile_server"](), VARIANTS["80_color"][0]))
    assert "[red]paint[/red]" in re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert "\x1b[2J" in HOSTILE
    assert "\x1b[2J" not in colored


def test_plain_text_imports_no_rich() -> None:
    code = (
        "import sys\n"
        "from tests.report.samples import failed_auth\n"
        "from smtpcheck.report.style import Style\n"
        "from smtpcheck.report.text import render_text\n"
        "list(render_text(failed_auth(), Style(80, color=False, unicode=True), verbose=True))\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'rich']\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=root)


def test_diagnosis_has_the_promised_shape() -> None:
    wide = Style(120, color=False, unicode=True)
    lines = "".join(render_text(failed_auth(), wide)).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("error["))
    assert lines[start] == (
        "error[auth-smtp-disabled]: SMTP AUTH is switched off for this mailbox or tenant"
    )
    assert lines[start + 1] == "  --> auth, smtp.office365.com:587"
    assert lines[start + 2].startswith(" 17 | S 535 5.7.139 Authentication unsuccessful, Smtp")
    assert lines[start + 3].startswith("    |   ^^^^^^^^^^^                              ^^^^^")
    labels = [line[:7] for line in lines[start + 4 :] if re.match(r"  \w{3}: ", line)]
    assert labels == ["  why: ", "  fix: ", "  try: "]
    assert "  try: smtpcheck probe office365 --until auth" in lines


def test_unsure_diagnosis_says_so() -> None:
    report = _with_confidence(failed_auth(), Confidence.POSSIBLE)
    assert "  why: (possible) the tenant" in "".join(render_text(report, PLAIN))
    assert "(possible)" not in "".join(render_text(failed_auth(), PLAIN))


def test_failure_without_a_cause_quotes_every_line_of_the_reply() -> None:
    text = "".join(render_text(no_rule_matched(), PLAIN))
    assert "no known cause fits" in text
    assert " 17 | S 599-The moon is in the wrong house\n 18 | S 599 come back" in text
    assert "smtpcheck probe office --until auth --verbose --debug-file smtpcheck-debug.txt" in text
    assert "error[" not in text


def test_stage_that_failed_blocks_the_later_ones_in_words() -> None:
    text = "".join(render_text(failed_tls(), PLAIN))
    assert re.search(r"auth +skipped +blocked by tls", text)
    assert re.search(r"send +skipped +blocked by tls", text)
    assert text.endswith("failed at tls in 0.1 s (exit 12)\n")


def test_refused_recipient_is_tried_again_without_sending() -> None:
    text = "".join(render_text(SAMPLES["failed_send_for_now"](), PLAIN))
    assert "smtpcheck probe office --until rcpt" in text
    assert "try again later (exit 75)" in text


def test_doubt_about_a_message_is_said_and_no_second_one_suggested() -> None:
    text = "".join(render_text(SAMPLES["in_doubt"](), PLAIN))
    assert "unknown whether the message was accepted" in text
    assert "--until rcpt" in text
    assert "--until send" not in text


def test_target_is_quoted_for_the_shell() -> None:
    one = failed_tls().targets[0]
    report = replace(failed_tls(), targets=(replace(one, target="[::1]:587"),))
    assert "  try: smtpcheck probe '[::1]:587' --until tls" in "".join(render_text(report, PLAIN))


def test_table_of_targets_has_aligned_columns() -> None:
    lines = "".join(render_text(several_targets(), PLAIN)).splitlines()
    start = next(n for n, line in enumerate(lines) if "target" in line and "cause" in line)
    at = lines[start].index("result")
    words = [line[at:].split()[0] for line in lines[start + 1 : start + 6]]
    assert words == ["passed", "failed", "skipped", "passed", "failed"]
    assert lines[-1] == "2 of 5 targets passed, 1 skipped (exit 13)"


def test_quiet_leaves_verdict_and_diagnoses() -> None:
    text = "".join(render_text(SAMPLES["passed_starttls"](), PLAIN, quiet=True))
    assert text == "office passed in 0.3 s: mail leaves through smtp.example.com:587\n"
    quiet = "".join(render_text(failed_auth(), PLAIN, quiet=True))
    assert quiet.startswith("error[auth-smtp-disabled]")
    assert quiet.endswith("office365 failed at auth in 0.3 s (exit 13)\n")


def test_diagnosis_of_a_pasted_text_needs_no_target() -> None:
    text = render_diagnoses(failed_auth().targets[0].diagnoses, PLAIN)
    assert "  --> auth\n" in text
    assert " 17 | S 535 5.7.139" in text
    assert "try:" not in text


def _with_confidence(report: Report, confidence: Confidence) -> Report:
    one = report.targets[0]
    changed = tuple(replace(each, confidence=confidence) for each in one.diagnoses)
    return replace(report, targets=(replace(one, diagnoses=changed),))


def test_opened_stage_shows_the_answer_to_each_command() -> None:
    text = "".join(render_text(SAMPLES["passed_starttls"](), PLAIN, opened=[Stage.SEND]))
    assert "send.mail      ok        8.0 ms  250 2.1.0 Ok" in text
    assert "send.message   ok        121 ms  250 2.0.0 Ok: queued as 4XyZ1234" in text
    assert "auth.login" not in text
