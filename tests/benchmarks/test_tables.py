"""Tables, aims, and the places in the README files."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import kept
from benchmarks.aims import Aim
from benchmarks.claims import Claim, Measured
from benchmarks.kept import BEGIN, END, check_places, keep, replaced
from benchmarks.measure import Times
from benchmarks.tables import race_table, table


def test_a_table_is_markdown_with_aligned_columns() -> None:
    assert table(["what", "ms"], [["swaks", "1.0"], ["a", "10.0"]]) == (
        "| what  | ms   |\n|-------|------|\n| swaks | 1.0  |\n| a     | 10.0 |"
    )


@pytest.mark.parametrize(
    ("aim", "value", "verdict"),
    [
        (Aim(2.5), 2.5, "yes (at most 2.5)"),
        (Aim(2.5), 2.51, "NO (at most 2.5)"),
        (Aim(10, True), 10.0, "yes (at least 10)"),
        (Aim(10, True), 9.99, "NO (at least 10)"),
    ],
)
def test_an_aim_is_kept_up_to_its_limit(aim: Aim, value: float, verdict: str) -> None:
    assert aim.verdict(value) == verdict


def test_a_value_that_misses_its_aim_is_not_rounded_to_one_that_keeps_it() -> None:
    assert Claim("rate", 9.999, Aim(10, True)).row() == ["rate", "9.99", "at least 10", "NO"]
    assert Claim("time", 2.501, Aim(2.5)).row() == ["time", "2.51", "at most 2.5", "NO"]
    assert Claim("time", 1.4551, Aim(0.85)).row()[1] == "1.46"
    assert Claim("time", 1.4549, Aim(0.85)).row()[1] == "1.45"
    assert Claim("peak", 60.2, Aim(60), 0).row() == ["peak", "61", "at most 60", "NO"]


def test_a_race_shows_ratios_to_its_base_in_milliseconds() -> None:
    times = {
        "ours": Times([0.003], [0.002], 31 * 1024),
        "swaks": Times([0.002], [0.001], 19 * 1024),
    }
    ours, swaks = race_table(times, "swaks", {"ours": Aim(1.5)}).splitlines()[2:]
    assert [cell.strip() for cell in ours.split("|")[1:-1]] == [
        "ours",
        "3.0",
        "3.0",
        "2.0",
        "31",
        "1.50",
        "yes (at most 1.5)",
    ]
    assert "1.00" in swaks


def test_figures_stand_between_the_marks_and_the_prose_around_stays() -> None:
    old = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert replaced(old, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    with pytest.raises(ValueError, match="no place for the figures"):
        replaced(f"before {END} {BEGIN} after", "new")


def test_both_files_are_written_with_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = tmp_path / "README.md", tmp_path / "all.md"
    for path in (short, long):
        path.write_text(f"# Title\n{BEGIN}\n{END}\n")
    monkeypatch.setattr(kept, "README", short)
    monkeypatch.setattr(kept, "ALL", long)
    check_places()
    claim = Claim("rate", 11.0, Aim(10, True))
    keep("2026-01-01, two processors", [Measured("Start", "| a table |", (claim,))])
    assert "| rate | 11.00    | at least 10 | yes     |" in short.read_text()
    assert "a table" not in short.read_text()
    assert "2026-01-01, two processors\n\n### Start\n\n| a table |" in long.read_text()
    long.write_text("no marks")
    with pytest.raises(ValueError, match="no place"):
        check_places()


def test_this_repository_has_a_place_for_the_figures() -> None:
    check_places()
