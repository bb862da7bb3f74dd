"""Many targets as text, one after the other, and the words at the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Stage
from smtpcheck.report.escape import cells
from smtpcheck.report.style import Style
from smtpcheck.report.text import FEW, render_text
from smtpcheck.report.text_stream import TextStream
from smtpcheck.report.troubles import PLAIN
from tests.report.many import disabled, many, unbegun
from tests.report.samples import (
    failed_auth,
    failed_dns,
    passed_implicit_with_warnings,
    passed_starttls,
    report,
)

GOOD = passed_starttls().targets[0]
BAD = failed_auth().targets[0]


def told(*targets: TargetReport, quiet: bool = False, verbose: bool = False) -> tuple[str, str]:
    """What is said of the targets, and at the end."""
    stream = TextStream(PLAIN, quiet=quiet, verbose=verbose)
    return "".join(map(stream.told, targets)), stream.closing(1)


def test_few_targets_keep_their_blocks_and_their_table() -> None:
    few = "".join(render_text(report(*[GOOD] * FEW), PLAIN))
    assert few.count("tls   ") == FEW
    assert "  target" in few
    more = "".join(render_text(report(*[GOOD] * (FEW + 1)), PLAIN))
    assert more.splitlines()[0].startswith("✓ passed ")
    assert len(more.splitlines()) == FEW + 1 + 4


def test_a_target_that_passed_is_a_line() -> None:
    assert told(GOOD)[0] == "✓ passed            0.3 s  office\n"
    assert told(GOOD, quiet=True)[0] == ""


def test_a_cause_is_told_at_length_three_times_and_then_named() -> None:
    text, end = told(*[replace(BAD, target=f"eu-{n}") for n in range(7)], failed_dns().targets[0])
    assert text.count("error[auth-smtp-disabled]: ") == 3
    assert text.count("✗ failed at auth ") == 7
    assert "eu-6: auth-smtp-disabled\n" in text
    assert "error[dns-name-not-found]: " in text
    assert "  7  auth-smtp-disabled: SMTP AUTH is switched off for this mailbox or tenant\n" in end
    assert "     eu-0, eu-1, eu-2, eu-3, eu-4 and 2 more\n" in end
    assert "  1  dns-name-not-found: " in end
    assert end.endswith("0 of 8 targets passed (exit 1)\n")


def test_quiet_leaves_what_failed() -> None:
    text, end = told(GOOD, BAD, passed_implicit_with_warnings().targets[0], quiet=True)
    assert "passed" not in text
    assert "error[auth-smtp-disabled]: " in text
    assert "1  cert-expires-soon" in end


def test_verbose_leaves_nothing_out() -> None:
    text, _ = told(GOOD, BAD, verbose=True)
    assert text.count("conversation\n") == 2


def test_opened_stages_show_their_steps_for_each() -> None:
    stream = TextStream(PLAIN, opened=[Stage.SEND])
    assert stream.told(GOOD).count("send.") >= 3


def test_titles_that_differ_are_not_taken_for_one() -> None:
    one = BAD.diagnoses[0]
    other = replace(BAD, diagnoses=(replace(one, title="something else"),))
    _, end = told(BAD, other)
    assert "  2  auth-smtp-disabled\n" in end


def test_notes_are_told_once_with_how_many_targets_have_them() -> None:
    same = [replace(GOOD, notes=("nothing was sent",)) for _ in range(30)]
    text, end = told(*same)
    assert "nothing was sent" not in text
    assert "note: nothing was sent (30 of 30 targets)\n" in end
    different = [replace(GOOD, notes=(f"note {number}",)) for number in range(30)]
    _, end = told(*different)
    assert "note: 10 others, in the JSON report\n" in end


def test_what_was_not_begun_and_what_is_disabled_is_counted() -> None:
    text, end = told(GOOD, unbegun(), unbegun(), disabled())
    assert text.splitlines() == [
        "✓ passed            0.3 s  office",
        "· skipped                  off: disabled",
    ]
    assert end.endswith("1 of 4 targets passed, 1 skipped, 2 not begun (exit 1)\n")


def test_the_slowest_are_named() -> None:
    stages = GOOD.observations.stages
    slow = [
        replace(
            GOOD,
            target=f"t{n}",
            observations=replace(
                GOOD.observations, stages=(replace(stages[0], elapsed_ms=n * 1000.0), *stages[1:])
            ),
        )
        for n in (5, 9, 1, 7, 3)
    ]
    assert "slowest: t9 9.3 s, t7 7.3 s, t5 5.3 s\n" in told(*slow)[1]


@pytest.mark.parametrize("width", [52, 80, 120])
def test_lines_fit_the_terminal(width: int) -> None:
    made, _ = many(120)
    style = Style(width, color=False, unicode=True)
    for line in "".join(render_text(made, style)).splitlines():
        # Commands and names stay whole, so that they can be copied.
        assert cells(line) <= width or "smtpcheck " in line or " " not in line.strip()


def test_lines_of_many_are_text_without_colour_and_the_same_with_it() -> None:
    made, _ = many(60)
    plain = "".join(render_text(made, PLAIN))
    colored = "".join(render_text(made, Style(100, color=True, unicode=True)))
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_a_run_of_many_looks_as_it_did(golden: Callable[[str, str], None]) -> None:
    made, _ = many(40)
    golden("report_text_many.txt", "".join(render_text(made, Style(80, color=False, unicode=True))))
