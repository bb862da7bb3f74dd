"""Markdown tables, readable on a terminal as well, and what stands in their cells."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from benchmarks.aims import Aim
from benchmarks.measure import Times, ratio


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with its columns aligned."""
    grid = [list(heads), *map(list, rows)]
    widths = [max(len(row[column]) for row in grid) for column in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in grid
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def milliseconds(seconds: float) -> str:
    """For a cell: `12.3`."""
    return f"{seconds * 1000:.1f}"


def race_table(times: Mapping[str, Times], base: str, aims: Mapping[str, Aim] | None = None) -> str:
    """A race as a table, each row with its ratio to the base, which may have an aim."""
    rows = []
    for name, taken in times.items():
        value, aim = ratio(taken, times[base]), (aims or {}).get(name)
        rows.append(
            [
                name,
                milliseconds(taken.typical),
                milliseconds(min(taken.wall)),
                milliseconds(statistics.median(taken.cpu)),
                f"{taken.peak_kib / 1024:.0f}",
                *with_aim(value, aim),
            ]
        )
    return table(["what", "ms", "least", "CPU ms", "peak MiB", f"ratio to {base}", "aim"], rows)


def with_aim(value: float, aim: Aim | None) -> tuple[str, str]:
    """Two cells: the value, and what is said of it."""
    return (aim.figure(value, 2), aim.verdict(value)) if aim else (f"{value:.2f}", "")
