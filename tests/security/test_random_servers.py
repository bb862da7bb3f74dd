"""Servers that talk at random: the probe ends in time, with a verdict, and keeps its secret."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from tests.pki import TestPki
from tests.scripted.probing import PASSWORD, forms, run, shown
from tests.scripted.server import ScriptedServer

BEGINNINGS = ["starttls", "login", "to-the-dot", "hello"]
PIECES = [
    "S: 220 x | 250 y",
    "S: 220-",
    "S: 220 go",
    "S: 250-a | 250 STARTTLS",
    "S: 250-a | 250 AUTH PLAIN LOGIN CRAM-MD5",
    "S: 250-XXXXA | 250-AUTH | 250-SIZE abc | 250-SIZE | 250-AUTH= | 250 PIPELINING",
    "S: 250-\\r250 x",
    "S: 250 2.0.0 queued as X | 221 bye",
    "S: 334 VXNlcm5hbWU6",
    "S: 334 ",
    "S: 235 ok",
    "S: 354 go",
    "S: 421 bye",
    "S: 450 4.2.0 x",
    "S: 550 5.7.1 no",
    "S: \\xff\\xfe",
    "S: " + "250" * 3000,
    "!: bytes 25",
    "!: bytes \\n",
    "!: bytes \\x00\\xff\\x16\\x03\\x03",
    "!: bytes \\x16\\x03\\x03\\x00\\x02\\x02\\x28",
    "!: tls good",
    "!: tls expired",
    "!: close",
    "!: close-tcp",
    "!: half-close",
    "!: reset",
    "!: hang",
    "!: eat",
    "!: flood 3000",
    "!: drip 0.001",
    "!: body",
    *["C: *"] * 6,
    *[f"!: include parts/{name}.smtp" for name in BEGINNINGS],
]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_a_server_says_the_probe_ends_with_a_verdict(pki: TestPki, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    lines = [chance.choice(PIECES) for _ in range(chance.randint(1, 12))]
    if chance.random() < 0.6:
        lines.insert(0, f"!: include parts/{chance.choice(BEGINNINGS)}.smtp")
    security = chance.choice(["starttls", "starttls", "tls", "none"])
    settings: dict[str, dict[str, Any]] = {"server": {"timeout": 0.15, "security": security}}
    with ScriptedServer("\n".join(lines), pki, strict=False, limit=3.0) as server:
        began = time.monotonic()
        report = run(server.port, pki, settings=settings, plan=Plan(deadline=1.5))
        seconds = time.monotonic() - began
    assert seconds < 6.0, "it hangs"  # the deadline is 1.5 s; the rest is for a busy machine
    assert report.exit_code in (0, 11, 12, 13, 14, 75)
    text = shown(report)
    for form in forms(PASSWORD):
        assert form not in text
        assert form.encode() not in server.plain_received
