"""What a spam filter of this machine makes of a message; the filters themselves are in the lab."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from smtpcheck.confirm.spam_score import spam_score
from smtpcheck.model.arrival import NoScore, SpamScore

MESSAGE = b"From: a@example.test\r\nSubject: hello\r\n\r\nhello\r\n"
# What every installation of a filter calls spam, whatever else it has learnt: GTUBE.
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    if shutil.which("spamassassin") or shutil.which("rspamc"):
        monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_a_filter_it_is_said(bin_folder: Path) -> None:
    found = spam_score(MESSAGE, 30)
    assert isinstance(found, NoScore)
    assert "neither rspamd" in found.reason


def test_rspamd_is_read(bin_folder: Path) -> None:
    told = {
        "score": 7.5,
        "required_score": 15.0,
        "symbols": {
            "A": {"name": "A", "score": 0.5},
            "ZERO": {"name": "ZERO", "score": 0},
            "B": {"name": "B", "score": 7.0},
        },
    }
    program(bin_folder, "rspamc", f"echo '{json.dumps(told)}'")
    found = spam_score(MESSAGE, 30)
    assert found == SpamScore(
        program="rspamd", score=7.5, required=15.0, symbols=(("B", 7.0), ("A", 0.5))
    )


@pytest.mark.parametrize("body", ["exit 1", "echo no json", "echo '{}'", "echo '[1]'"])
def test_a_filter_that_does_not_answer_is_told(bin_folder: Path, body: str) -> None:
    program(bin_folder, "rspamc", body)
    found = spam_score(MESSAGE, 30)
    assert isinstance(found, NoScore)
    assert found.reason.startswith("rspamc: ")


@pytest.mark.lab
def test_spamassassin_knows_the_message_that_every_filter_knows() -> None:
    if shutil.which("spamassassin") is None:
        pytest.skip("not installed: SpamAssassin (package spamassassin)")
    found = spam_score(MESSAGE + GTUBE + b"\r\n", 30)
    assert isinstance(found, SpamScore)
    assert (found.program, found.score >= found.required) == ("SpamAssassin", True)
    assert found.symbols[0][0] == "GTUBE"
