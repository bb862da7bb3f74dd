"""When the steps of a run are shown to have run."""

from __future__ import annotations

import pytest

from smtpcheck.model.observation import Observations, StageResult
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.style import Style
from smtpcheck.report.text import render_text
from smtpcheck.report.waterfall import Bar, bar_text, waterfall
from tests.report.samples import passed_starttls, step


def test_steps_follow_each_other_and_stages_too() -> None:
    dns = StageResult(
        Stage.DNS, Outcome.PASSED, (step("a", "", ms=2), step("b", "", ms=3)), None, 6
    )
    tcp = StageResult(Stage.TCP, Outcome.PASSED, (step("c", "", ms=4),), None, 4)
    made = waterfall(Observations({}, (dns, tcp)))
    assert made.total == 10
    assert made.stages == (Bar(0, 6), Bar(6, 4))
    assert made.steps == ((Bar(0, 2), Bar(2, 3)), (Bar(6, 4),))


def test_steps_side_by_side_end_with_their_stage() -> None:
    pair = (step("a", "", ms=8), step("b", "", ms=9))
    made = waterfall(Observations({}, (StageResult(Stage.DNS, Outcome.PASSED, pair, None, 10),)))
    assert made.steps == ((Bar(0, 8), Bar(1, 9)),)


def test_what_is_asked_once_the_run_is_over_stands_behind_all_stages() -> None:
    pair = (step("tls.handshake", "", ms=8), step("tls.versions", "", ms=9))
    tls = StageResult(Stage.TLS, Outcome.PASSED, pair, None, 8)
    auth = StageResult(Stage.AUTH, Outcome.PASSED, (step("auth.login", "", ms=2),), None, 2)
    made = waterfall(Observations({}, (tls, auth)))
    assert made.total == 19
    assert made.stages == (Bar(0, 8), Bar(8, 2))
    assert made.steps == ((Bar(0, 8), Bar(10, 9)), (Bar(8, 2),))


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -3.0])
def test_a_time_that_is_none_counts_as_nothing(odd: float) -> None:
    stage = StageResult(Stage.DNS, Outcome.PASSED, (step("a", "", ms=odd),), None, odd)
    assert waterfall(Observations({}, (stage,))).total == 0


@pytest.mark.parametrize(
    ("bar", "text"),
    [
        (Bar(0, 0), "=         "),
        (Bar(0, 100), "=========="),
        (Bar(50, 20), "     ==   "),
        (Bar(100, 0), "         ="),
        (Bar(99, 50), "         ="),
    ],
)
def test_a_bar_keeps_within_its_columns(bar: Bar, text: str) -> None:
    assert bar_text(bar, 100, 10, unicode=False) == text
    assert bar_text(bar, 100, 10, unicode=True) == text.replace("=", "━")
    assert bar_text(bar, 0, 10, unicode=False) == "=         "


@pytest.mark.parametrize(
    ("width", "verbose", "drawn"), [(100, True, True), (99, True, False), (200, False, False)]
)
def test_bars_stand_where_there_is_room_and_times_are_wanted(
    width: int, verbose: bool, drawn: bool
) -> None:
    text = "".join(
        render_text(passed_starttls(), Style(width, color=False, unicode=True), verbose=verbose)
    )
    assert ("━" in text) is drawn
