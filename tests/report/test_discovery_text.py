from __future__ import annotations

import pytest

from smtpcheck.model.discovery import (
    Candidate,
    Discovery,
    Found,
    Proof,
    Source,
    Standing,
    Subject,
    Vouching,
)
from smtpcheck.report.discovery_json import discovery_to_data
from smtpcheck.report.discovery_text import render_discovery
from smtpcheck.report.json_report import dump
from smtpcheck.report.style import Style

HOSTILE = "\x1b[31mred\u202e##vso[x]"
BEST = Candidate(
    host="smtp.lab.test",
    port=465,
    security="tls",
    standing=Standing.SRV,
    sources=("srv", "autoconfig"),
    vouching=Vouching.DOMAIN,
    username="me",
    proof=Proof.PROVED,
    summary="TLSv1.3, AUTH PLAIN",
    mechanisms=("PLAIN",),
)
WORSE = Candidate(
    host="smtp.else.test",
    port=587,
    security="starttls",
    standing=Standing.SRV_OUTSIDE,
    sources=("srv",),
    vouching=Vouching.NOTHING,
    proof=Proof.FAILED,
    cause="tcp-refused",
    summary=HOSTILE,
)
FOUND = Discovery(
    subject=Subject("lab.test", "me@lab.test", "lab.test"),
    sources=(
        Source("mx", Found.FOUND, "mx.lab.test"),
        Source("autodiscover", Found.NOTHING, HOSTILE),
    ),
    candidates=(BEST, WORSE),
    best=BEST,
    reason="an SRV record names it",
    help=("do this",),
    notes=("know that",),
)


@pytest.mark.parametrize("width", [44, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_answer_fits_and_is_harmless(width: int, unicode: bool) -> None:
    style = Style(width=width, color=False, unicode=unicode)
    text = render_discovery(FOUND, style, command="smtpcheck profile init --host smtp.lab.test")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "##vso" not in text
    assert unicode or text.isascii()
    assert all(len(line) <= width or "next:" in line for line in text.splitlines())
    for words in ("best: smtp.lab.test", "port 465", "user: me", "know: do this", "outside of the"):
        assert words in " ".join(text.split())
    assert "next: smtpcheck profile init --host smtp.lab.test\n" in text


def test_quiet_leaves_the_verdict_and_what_to_do() -> None:
    style = Style(width=80, color=False, unicode=True)
    text = render_discovery(FOUND, style, command="", quiet=True)
    assert text.startswith("best: ")
    assert "note: know that" in text
    assert "servers, best first" not in text


def test_json_is_plain_and_harmless_in_a_log() -> None:
    data = discovery_to_data(FOUND, exit_code=0, command="smtpcheck profile init")
    text = dump(data)
    assert text.isascii()
    assert "##" not in text
    assert data["best"] == {
        "host": "smtp.lab.test",
        "port": 465,
        "security": "tls",
        "username": "me",
        "preset": "",
        "vouching": "domain",
        "reason": "an SRV record names it",
        "command": "smtpcheck profile init",
    }
