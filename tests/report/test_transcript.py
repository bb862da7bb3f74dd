"""The debug file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import smtpcheck
from smtpcheck.model.report import Report
from smtpcheck.report.escape import is_hidden
from smtpcheck.report.transcript import render_transcript
from tests.report.samples import SAMPLES, STARTED, endless_line, failed_auth, several_targets


def conversations(made: Report) -> str:
    return "\n".join(render_transcript(each, started=made.started) for each in made.targets)


def test_samples_look_as_they_did(golden: Callable[[str, str], None]) -> None:
    names = ("passed_starttls", "failed_dns", "failed_auth", "hostile_server", "sent_nothing")
    text = "\n".join(conversations(SAMPLES[name]()) for name in names)
    golden("report_transcript.txt", text.replace(smtpcheck.__version__, "VERSION"))


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_hidden_is_written(name: str) -> None:
    text = conversations(SAMPLES[name]())
    assert not [char for char in text if char != "\n" and is_hidden(char)]


def test_every_line_has_number_time_and_speaker() -> None:
    text = render_transcript(failed_auth().targets[0], started=STARTED)
    assert f"\nstarted: {STARTED}\n" in text
    assert "\n   1    0.011 ! connected to 192.0.2.10 port 587 from 10.1.2.3\n" in text
    assert "\n  16    0.124 C AUTH PLAIN <hidden>\n" in text
    assert "\n  17    0.132 S 535 5.7.139 Authentication unsuccessful" in text


def test_long_lines_are_whole() -> None:
    assert "5.7.1 blocked by policy 42" in render_transcript(endless_line().targets[0])


def test_a_target_that_was_not_reached_has_a_conversation_of_nothing() -> None:
    text = conversations(several_targets())
    assert text.count(": conversation with ") == 5
    assert "nothing was said" in text
