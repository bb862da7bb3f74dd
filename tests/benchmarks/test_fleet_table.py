"""The race of a thousand log-ins: its servers, its ratios, its claims."""

from __future__ import annotations

from benchmarks.aims import Aim
from benchmarks.fleet_clients import Fleet
from benchmarks.fleet_table import Entry, claims_of, results
from benchmarks.measure import Runner, Times


def entry(name: str, kind: str, *aims: Aim | None) -> Entry:
    return Entry(Runner(name, []), kind, *aims)


ENTRIES = [
    entry("swaks 8", "swaks"),
    entry("swaks 16", "swaks"),
    entry("blackbox", "blackbox"),
    entry("ours 25", "one process", Aim(10, True), Aim(0.7, True), Aim(60)),
    entry("ours 50", "one process", Aim(10, True), Aim(0.7, True), Aim(60)),
]
TIMES = {
    "swaks 8": Times([40.0, 50.0, 42.0], [80.0] * 3, 65 * 1024),
    "swaks 16": Times([44.0, 45.0, 48.0], [80.0] * 3, 130 * 1024),
    "blackbox": Times([2.0, 4.0, 3.0], [3.0] * 3, 31 * 1024),
    "ours 25": Times([4.0, 8.0, 3.0], [3.0, 5.0, 3.5], 61 * 1024),
    "ours 50": Times([5.0, 8.0, 6.0], [3.0] * 3, 50 * 1024),
}


def test_every_server_has_an_address_of_its_own_and_curl_names_the_same() -> None:
    four = Fleet(4, 250)
    assert four.count == len(set(four.numbers())) == 1000
    assert list(Fleet(2, 2).numbers()) == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert Fleet(2, 2).glob(".") == "[0-1].[1-2]"


def test_rates_are_compared_with_the_faster_row_of_a_peer_round_by_round() -> None:
    row = results(ENTRIES, TIMES, 1000)[3]
    # swaks 8 is the faster one by its median: 40/4, 50/8 and 42/3 times its rate.
    assert row.against == {"swaks": 10.0, "blackbox": 0.5}


def test_a_row_shows_rate_cpu_and_what_is_not_reached() -> None:
    cells = results(ENTRIES, TIMES, 1000)[3].cells()
    assert cells == [
        "ours 25",
        "4.0",
        "250",
        "3.5",
        "61, NO (at most 60)",
        "10.00, yes (at least 10)",
        "0.50, NO (at least 0.7)",
    ]


def test_the_faster_row_makes_the_claims_and_memory_is_that_of_the_same_row() -> None:
    claims = list(claims_of(results(ENTRIES, TIMES, 1000), {"one process": "in one process"}))
    assert [claim.row() for claim in claims] == [
        [
            "1000 log-ins in one process: rate as a multiple of swaks under xargs",
            "10.00",
            "at least 10",
            "yes",
        ],
        [
            "1000 log-ins in one process: rate as a multiple of blackbox_exporter",
            "0.50",
            "at least 0.7",
            "NO",
        ],
        ["1000 log-ins in one process: peak of memory in MiB", "61", "at most 60", "NO"],
    ]


def test_without_a_peer_nothing_is_claimed_against_it() -> None:
    alone = [each for each in ENTRIES if each.kind != "blackbox"]
    rows = results(alone, TIMES, 1000)
    assert rows[2].cells()[-1] == ""
    claims = list(claims_of(rows, {"one process": "in one process", "all cores": "in two"}))
    assert [claim.aim for claim in claims] == [Aim(10, True), Aim(60)]
