"""Every format of other programs, of every sample, word for word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import smtpcheck
from smtpcheck.report.formats import FORMATS
from smtpcheck.report.troubles import PLAIN
from tests.report.samples import SAMPLES

HELD_ELSEWHERE = ("text", "json", "jsonl", "html")
"""In tests of their own."""


@pytest.mark.parametrize("format_", [name for name in FORMATS if name not in HELD_ELSEWHERE])
def test_a_format_is_as_it_was(format_: str, golden: Callable[[str, str], None]) -> None:
    parts = []
    for name, make in SAMPLES.items():
        text = "".join(FORMATS[format_](make(), PLAIN, verbose=False, quiet=False))
        parts.append(f"===== {name}\n{text.replace(smtpcheck.__version__, 'VERSION')}\n")
    golden(f"report_{format_}.txt", "".join(parts))


@pytest.mark.parametrize("format_", FORMATS)
def test_what_was_shown_in_ascii_is_ascii(format_: str) -> None:
    from smtpcheck.report.style import Style

    style = Style(80, color=False, unicode=False)
    for make in SAMPLES.values():
        text = "".join(FORMATS[format_](make(), style, verbose=True, quiet=False))
        assert text.isascii()
        assert text.endswith("\n")
