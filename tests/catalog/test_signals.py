"""The dialects of failures below SMTP: well formed, and saying only what facts there are."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path

import pytest

from smtpcheck.catalog import signal
from smtpcheck.catalog.signal import load_signals
from smtpcheck.model.stage import STEPS

STEP_NAMES = {step for steps in STEPS.values() for step in steps} | {"tcp.proxy"}
FACTS = {
    "step",
    "error.kind",
    "error.reason",
    "problem.kind",
    "silence.kind",
    "silence.command",
    "offered",
    "protocol",
}


def first(line: str) -> dict[str, object]:
    """The facts of the first signal that fits the line; empty for none."""
    return next((dict(each.facts) for each in load_signals() if each.words.search(line)), {})


def test_signals_say_facts_that_the_probe_records() -> None:
    for each in load_signals():
        assert set(each.facts) <= FACTS
        assert each.facts.get("step", "dns.name") in STEP_NAMES
        assert "step" in each.facts or "silence.kind" in each.facts


def test_every_dialect_compiles_alone_and_stands_once() -> None:
    files = signal.SHIPPED.parent.glob("signals*.toml")
    texts = [path.read_text(encoding="utf-8") for path in files]
    tables = [table for text in texts for table in tomllib.loads(text)["signal"]]
    words = [word for table in tables for word in table["words"]]
    for word in words:
        re.compile(word)
    assert sorted(set(words)) == sorted(words)


@pytest.mark.parametrize(
    ("line", "step", "kind"),
    [
        ("Error: connect ECONNREFUSED 127.0.0.1:25", "tcp.connect", "refused"),
        ("[WinError 10060] the connected party did not properly respond", None, None),
        ("SocketException (10061): actively refused", "tcp.connect", "refused"),
        ("Network is unreachable (101)", "tcp.connect", "unreachable"),
        ("connect: Permission denied (13)", "tcp.connect", "denied"),
        ("getaddrinfo EAI_AGAIN smtp.example.com", "dns.system", "try-again"),
        ("Name or service not known", "dns.system", "not-found"),
        ("tls: first record does not look like a TLS handshake", "tls.handshake", "plain-text"),
        ("x509: certificate has expired or is not yet valid", "tls.handshake", "verify"),
        ("dh key too small", "tls.handshake", "dh-key"),
        ("alert protocol version", "tls.handshake", "version"),
        ("no shared cipher", "tls.handshake", "cipher"),
        ("SMTP AUTH extension not supported by server.", "auth.choose", "not-offered"),
    ],
)
def test_a_dialect_is_read_as_the_probe_would_record_it(
    line: str, step: str | None, kind: str | None
) -> None:
    facts = first(line)
    assert (facts.get("step"), facts.get("error.kind")) == (step, kind)


@pytest.mark.parametrize(
    "line",
    [
        "opening to ssl://smtp.example.com:465, timeout=300",
        "execution continued",
        "certificate verified",
        "connected to 192.0.2.1:25",
        "SSL connection using TLSv1.3",
    ],
)
def test_a_good_line_is_no_failure(line: str) -> None:
    assert first(line) == {}


@pytest.mark.parametrize("letter", ["a", "(", " ", "certificate ", "lost connection with "])
def test_no_line_takes_long(letter: str) -> None:
    line = (letter * 4000)[:4000]
    begun = time.perf_counter()
    first(line)
    assert time.perf_counter() - begun < 2.0


def test_the_file_stands_beside_the_reader() -> None:
    assert Path(signal.__file__).with_name("signals.toml") == signal.SHIPPED
