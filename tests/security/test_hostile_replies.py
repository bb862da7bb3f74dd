"""Test 11: replies without end, at a snail's pace, or made to steer whoever reads them."""

from __future__ import annotations

import json
import re
import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from smtpcheck.api import report_of
from smtpcheck.model.plan import Plan
from smtpcheck.report.json_report import render_json
from smtpcheck.report.style import Style
from smtpcheck.report.text import render_text
from smtpcheck.report.transcript import render_transcript
from tests.pki import TestPki
from tests.scripted.probing import (
    assert_no_login_and_no_mail,
    failed_step,
    run,
    shown,
    step,
    taken,
)
from tests.scripted.server import ScriptedServer

QUICK = {"server": {"timeout": 0.5}}
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
HOSTILE = [
    "\\e[2J\\e[31mred",
    "\\e]8;;http://evil.test\\e\\\\click\\e]8;;\\e\\\\",
    "\\e]52;c;ZXZpbA==\\x07",
    "good\\rbad",
    "\u202egnp.exe",
    "\u2066hidden\u2069",
    "\\x00nul",
    "\\xff\\xfe not utf-8",
    "\\x9b31m",
    "[bold red]markup[/bold red]",
    "::error file=x,line=1::pwned",
    "##vso[task.complete result=Succeeded]",
]


@pytest.mark.parametrize(
    "text",
    [
        "!: flood 2000000 220-and another line",
        "!: flood 200000 220-" + "x" * 500,
        "!: flood 2000000 no reply at all",
        "S: " + "x" * 10_000_000,
        "S: 220 " + "x" * 10_000_000,
        "S: 220 hi\nC: EHLO\n!: flood 2000000 250-X",
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: *\n!: flood 2000000",
    ],
    ids=["lines", "long-lines", "no-code", "no-end", "one-line", "ehlo", "ehlo-in-tls"],
)
def test_a_reply_without_end_is_cut_and_kept_small(pki: TestPki, text: str) -> None:
    with ScriptedServer(text, pki, strict=False) as server:
        began = time.monotonic()
        report = run(server.port, pki, settings=QUICK, plan=Plan(deadline=3.0))
        seconds = time.monotonic() - began
    assert seconds < 2.5
    assert failed_step(report) in ("tcp.greeting", "tcp.ehlo", "tls.ehlo"), taken(report)
    assert report.exit_code in (11, 12)
    assert len(shown(report)) < 1_500_000
    assert_no_login_and_no_mail(server, report)


def test_a_flood_does_not_fill_the_memory(pki: TestPki) -> None:
    with ScriptedServer("!: flood 2000000 220-and another line", pki, strict=False) as server:
        tracemalloc.start()
        try:
            run(server.port, pki, settings=QUICK, plan=Plan(deadline=3.0))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 30_000_000


@pytest.mark.parametrize("pace", [0.05, 0.2])
def test_a_drip_does_not_outlast_the_wait(pki: TestPki, pace: float) -> None:
    text = f"!: drip {pace}\nS: 220 " + "x" * 1000
    with ScriptedServer(text, pki, strict=False) as server:
        began = time.monotonic()
        report = run(server.port, pki, settings=QUICK)
        seconds = time.monotonic() - began
    assert 0.4 < seconds < 1.5
    assert failed_step(report) == "tcp.greeting"


@pytest.mark.parametrize(
    "reply", ["2x0 odd", "2500 odd", "25 odd", "250odd", "\\t250 odd", "999 x"]
)
def test_a_code_that_is_none_is_not_believed(pki: TestPki, reply: str) -> None:
    text = f"S: 220 hi\nC: EHLO\nS: {reply}\nC: *\nS: {reply}\nC: *\nS: {reply}"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == "tcp.ehlo"
    assert_no_login_and_no_mail(server, report)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "where",
    [
        "S: 220 mail {}\nC: EHLO\nS: 250 mail\n!: close",
        "S: 554 5.7.1 {}",
        "S: {}",
        "S: 220 hi\nC: EHLO\nS: 250-{} | 250-X{} | 250 AUTH {}",
        "!: include parts/starttls.smtp\nC: AUTH\nS: 535 5.7.8 {}",
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go | {}",
    ],
    ids=["greeting", "refusal", "no-code", "ehlo", "auth", "injected"],
)
def test_nothing_a_server_says_can_steer_the_reader(pki: TestPki, where: str, hostile: str) -> None:
    with ScriptedServer(where.replace("{}", hostile), pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    whole = report_of(datetime.now(UTC), [report])
    plain = Style(80, color=False, unicode=True)
    texts = [
        "".join(render_text(whole, plain, verbose=True, quiet=False)),
        "".join(render_text(whole, plain, verbose=False, quiet=False)),
        "".join(render_text(whole, plain, verbose=False, quiet=True)),
        render_transcript(report),
    ]
    for text in texts:
        assert not CONTROL.search(text), ascii(CONTROL.search(text))
        assert not re.search(r"^\s*(::|##vso)", text, re.MULTILINE)
    document = "".join(render_json(whole))
    assert not CONTROL.search(document)
    assert json.loads(document.encode("utf-8"))["schema"] == 1


def test_markup_is_shown_as_it_was_sent(pki: TestPki) -> None:
    with ScriptedServer("S: 554 5.7.1 [bold]no[/bold]", pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert "[bold]no[/bold]" in shown(report)


def test_the_greeting_of_a_hostile_server_is_quoted_whole_in_json(pki: TestPki) -> None:
    with ScriptedServer("S: 554 5.7.1 \\e[2Jgone", pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    reply = step(report, "tcp.greeting").facts["reply"]
    assert isinstance(reply, dict)
    assert reply["text"] == "\x1b[2Jgone"
