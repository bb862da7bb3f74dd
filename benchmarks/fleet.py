"""A thousand log-ins: how many a second, for how much CPU time and memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from benchmarks.aims import Aim
from benchmarks.claims import Measured
from benchmarks.fleet_clients import FleetClients
from benchmarks.fleet_table import Entry, claims_of, results
from benchmarks.network import Laboratory
from benchmarks.peers import lacking, program
from benchmarks.tables import table

SWAKS_AIM, BLACKBOX_AIM, ALL_CORES_AIM = Aim(10, True), Aim(0.7, True), Aim(1, True)
MEMORY_AIM = Aim(60)
CLAIMED = {
    "one process": "in one process",
    "all cores": "in as many processes as there are cores",
}
"""Kinds of rows: the faster one of each makes the claims."""
NOTES = """\
All run on the processors that the servers run on too, so the servers bound what can be reached.
CPU: of the client, not of the server; of an exporter without the curl that asks it. Peak: of all
processes of a client together, or of the exporter. Exporters run already; `smtpcheck probe` starts
and reads its thousand targets in the time that is shown. Ratios: of the rates, to the faster row
of swaks and of blackbox_exporter.

What they leave out: swaks verifies the chain, not the name. curl sends a NOOP, as it cannot end
after a log-in. check_smtp verifies nothing, and logs in with LOGIN. blackbox_exporter compares
replies with patterns. msmtp cannot log in without a message, so it has no row. smtpcheck alone
says why a log-in fails; its report is part of what is timed."""


def race_of_fleet(lab: Laboratory, clients: FleetClients, rounds: int) -> Measured:
    """The table of all clients that are here."""
    clients.prepare()
    missing = _missing(clients)
    entries = [*_peers(clients), *_own(clients, missing)]
    times = lab.near.race([entry.runner for entry in entries], rounds)
    rows = results(entries, times, clients.fleet.count)
    heads = ["what", "s", "a second", "CPU ms each", "peak MiB", "x swaks", "x blackbox_exporter"]
    without = [f"Without {each}: not installed." for each in lacking()]
    without += [f"Without `{each}`: this version does not have it." for each in missing]
    shown = table(heads, [row.cells() for row in rows])
    return Measured(
        f"{clients.fleet.count} log-ins",
        "\n".join([shown, "", NOTES, *without]),
        tuple(claims_of(rows, CLAIMED)),
    )


def _peers(clients: FleetClients) -> Iterator[Entry]:
    yield Entry(clients.swaks(8), "swaks")
    yield Entry(clients.swaks(16), "swaks")
    if program("curl"):
        yield Entry(clients.curl(16), "curl")
    if program("check_smtp"):
        yield Entry(clients.check_smtp(16), "check_smtp")
    if program("curl") and program("prometheus-blackbox-exporter"):
        yield Entry(clients.blackbox(10), "blackbox")
        yield Entry(clients.blackbox(50), "blackbox")


def _own(clients: FleetClients, missing: Sequence[str]) -> Iterator[Entry]:
    for at_once in (25, 50):
        runner = clients.smtpcheck(at_once)
        yield Entry(runner, "one process", SWAKS_AIM, BLACKBOX_AIM, MEMORY_AIM)
    yield Entry(clients.smtpcheck(50, "--format", "jsonl"), "jsonl")
    if "--processes" not in missing:
        runner = clients.smtpcheck(50, "--processes", str(os.cpu_count() or 1))
        yield Entry(runner, "all cores", blackbox=ALL_CORES_AIM)
    if "serve" not in missing and program("curl"):
        yield Entry(clients.serve(10), "serve")
        yield Entry(clients.serve(50), "serve")


def _missing(clients: FleetClients) -> list[str]:
    """What this version of smtpcheck does not have."""
    wanted = {"--processes": ("probe", "--processes"), "serve": ("serve",)}
    return [name for name, words in wanted.items() if not clients.offers(*words)]
