"""Asks a spam filter of this machine what it makes of a message: rspamd, else SpamAssassin."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Sequence

from smtpcheck.model.arrival import NoScore, SpamScore

_MOST_SYMBOLS = 20
_STATUS = re.compile(r"^X-Spam-Status: \w+, score=(-?[\d.]+) required=(-?[\d.]+)", re.MULTILINE)
_POINTS = re.compile(r"^\s*(-?\d+(?:\.\d+)?) ([A-Z][A-Z0-9_]+)\s", re.MULTILINE)


def spam_score(message: bytes, seconds: float) -> SpamScore | NoScore:
    """The score of a message (RFC 5322, CRLF) within so many seconds. SpamAssassin is asked for its
    local tests alone."""
    end = time.monotonic() + seconds
    tried = []
    for program, ask in (("rspamc", _rspamd), ("spamassassin", _spamassassin)):
        if shutil.which(program) is None:
            continue
        found = ask(message, end)
        if isinstance(found, SpamScore):
            return found
        tried.append(f"{program}: {found.reason}")
    if tried:
        return NoScore("; ".join(tried))
    return NoScore("neither rspamd (rspamc) nor SpamAssassin (spamassassin) is installed here")


def _rspamd(message: bytes, end: float) -> SpamScore | NoScore:
    said = _run(("rspamc", "--json", "--timeout", "20"), message, end)
    if isinstance(said, NoScore):
        return said
    try:
        told = json.loads(said[said.index("{") :])
        symbols = told["symbols"].values()
        return SpamScore(
            program="rspamd",
            score=float(told["score"]) + 0.0,  # no -0
            required=float(told["required_score"]),
            symbols=_heaviest([(str(each["name"]), float(each["score"])) for each in symbols]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return NoScore(f"no answer that can be read: {said.strip()[:100]}")


def _spamassassin(message: bytes, end: float) -> SpamScore | NoScore:
    said = _run(("spamassassin", "--local", "--nocreate-prefs", "--test-mode"), message, end)
    if isinstance(said, NoScore):
        return said
    status = _STATUS.search(said.replace("\n\t", " "))
    if status is None:
        return NoScore("its answer has no X-Spam-Status")
    report = said.rpartition("Content analysis details:")[2]
    symbols = [(name, float(points)) for points, name in _POINTS.findall(report)]
    return SpamScore(
        program="SpamAssassin",
        score=float(status[1]) + 0.0,  # no -0
        required=float(status[2]),
        symbols=_heaviest(symbols),
    )


def _heaviest(symbols: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    weighing = [each for each in symbols if each[1]]
    return tuple(sorted(weighing, key=lambda each: -abs(each[1]))[:_MOST_SYMBOLS])


def _run(command: Sequence[str], message: bytes, end: float) -> str | NoScore:
    left = max(0.0, end - time.monotonic())
    try:
        done = subprocess.run(
            command, input=message, capture_output=True, timeout=left, check=False
        )
    except subprocess.TimeoutExpired:
        return NoScore(f"no answer within {left:.0f} s")
    except OSError as error:
        return NoScore(f"cannot be run: {error.strerror}")
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        return NoScore(said.splitlines()[-1][:200] if said else f"ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace")
