"""Whole probes against real servers: on loopback, at the end of a slow line, and where the time
of one goes."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator

from benchmarks.aims import Aim
from benchmarks.claims import Claim, Measured
from benchmarks.clients import NAME, Clients
from benchmarks.measure import Runner, Times, ratio
from benchmarks.network import Laboratory
from benchmarks.tables import milliseconds, race_table, table, with_aim

LOOPBACK_AIM = Aim(2.5)
SLOW_AIM = Aim(0.85)
WAITS = {"submission": 10, "submissions": 8}
ONE_WAY = 0.05
_PROBE = "smtpcheck probe"
_SLOW = "A whole probe at the end of a line of 100 ms"
_WHERE = "Where the time of one goes"
NOT_THE_SAME = """\
DNS included: this is the claim. Not all do the same: swaks 20201014 verifies the chain of the
certificate, not the name. check_smtp verifies nothing, logs in with LOGIN (three waits where PLAIN
has one) and sends no message. None but smtpcheck says why something failed."""


def on_loopback(lab: Laboratory, clients: Clients, rounds: int) -> Iterator[Measured]:
    """Tables of whole processes without any delay, by name and by address."""
    for host, short, note in (
        (NAME, "by name", NOT_THE_SAME),
        ("localhost", "without DNS", "As `localhost`."),
    ):
        times = lab.near.race(clients.everybody(host), rounds)
        value = ratio(times[_PROBE], times["swaks"])
        rows = race_table(times, "swaks", {_PROBE: LOOPBACK_AIM})
        claim = Claim(
            f"a whole probe on loopback {short}: time as a multiple of swaks", value, LOOPBACK_AIM
        )
        yield Measured(f"A whole probe on loopback, {short}", f"{rows}\n\n{note}", (claim,))


def on_slow_line(lab: Laboratory, clients: Clients, rounds: int) -> Iterator[Measured]:
    """A table of the waits of each client, and of its time at 100 ms round-trip time."""
    runners = clients.everybody(NAME)
    counted = {each.name: _waits(lab, each) for each in runners}
    implicit = _waits(lab, clients.smtpcheck(NAME, "submissions"))
    lab.set_delay(0.0)
    quick = lab.far.race(runners, rounds)
    lab.set_delay(ONE_WAY)
    slow = lab.far.race(runners, max(3, rounds // 4))
    lab.set_delay(0.0)
    rows = [_slow_row(name, counted[name], quick[name], slow) for name in slow]
    rows.append([f"{_PROBE}, implicit TLS", str(implicit), "", "", "", "", ""])
    heads = ["what", "waits", "ms at 0", "ms at 100", "RTTs paid", "ratio to swaks", "aim"]
    value = ratio(slow[_PROBE], slow["swaks"])
    note = (
        "RTTs paid: what the delay really cost; servers that hold a reply back until an ACK has"
        " come (Nagle, behind TLS 1.3 tickets) add to it."
    )
    claims = (
        Claim("waits of a whole probe, STARTTLS", counted[_PROBE], Aim(WAITS["submission"]), 0),
        Claim("waits of a whole probe, implicit TLS", implicit, Aim(WAITS["submissions"]), 0),
        Claim("a whole probe at 100 ms: time as a multiple of swaks", value, SLOW_AIM),
    )
    yield Measured(_SLOW, f"{table(heads, rows)}\n\n{note}", claims)


def _slow_row(name: str, waits: int, quick: Times, slow: dict[str, Times]) -> list[str]:
    paid = (slow[name].typical - quick.typical) / (2 * ONE_WAY)
    times = [milliseconds(quick.typical), milliseconds(slow[name].typical)]
    compared = with_aim(ratio(slow[name], slow["swaks"]), SLOW_AIM if name == _PROBE else None)
    return [name, str(waits), *times, f"{paid:.1f}", *compared]


def _waits(lab: Laboratory, runner: Runner) -> int:
    """Waits of one run, counted on the cable at a delay that nothing else can hide in."""
    lab.set_delay(0.0)
    lab.far.race([runner], 1)
    lab.set_delay(0.02)
    lab.far.race([runner], 1)
    lab.forget()
    lab.far.race([runner], 1)
    # Two runs in a race: the one that fills the caches, and the one that counts.
    return round(lab.waits() / 2)


def where_time_goes(lab: Laboratory, clients: Clients, rounds: int) -> Iterator[Measured]:
    """Tables of the stages of a probe, and of its imports by package."""
    probe = clients.smtpcheck(NAME)
    report = clients.folder / "report.json"
    watched = clients.smtpcheck(NAME, "submission", "--format", f"json={report}")
    watched = Runner("with JSON", [*watched.argv, "--format", "text"], "", watched.environment)
    stages: dict[str, list[float]] = defaultdict(list)
    bare = Runner("python -c pass", [clients.programs.python, "-c", "pass"])
    whole: list[float] = []
    for _ in range(rounds):
        times = lab.near.race([probe, bare, watched], 1)
        whole.append(times[_PROBE].typical)
        stages["python itself"].append(times["python -c pass"].typical)
        for stage in json.loads(report.read_text())["targets"][0]["stages"]:
            stages[stage["stage"]].append(stage["elapsed_ms"] / 1000)
    total = statistics.median(whole)
    parts = {name: statistics.median(values) for name, values in stages.items()}
    parts["imports, profile, report"] = total - sum(parts.values())
    parts["whole process"] = total
    rows = [[name, milliseconds(took), f"{took / total:.0%}"] for name, took in parts.items()]
    yield Measured(_WHERE, table(["part", "ms", "share"], rows))
    yield Measured(_WHERE, _imports(lab, clients, probe))


def _imports(lab: Laboratory, clients: Clients, probe: Runner) -> str:
    """Time of imports by top-level package, as `-X importtime` sees it: slower than real."""
    argv = [clients.programs.python, "-X", "importtime", *probe.argv]
    place = lab.near
    log = clients.folder / "imports"
    shell = ["sh", "-c", f'exec "$@" 2>"{log}"', "sh", *argv]
    place.race([Runner("imports", shell, "", probe.environment)], 1)
    spent: dict[str, int] = defaultdict(int)
    count: dict[str, int] = defaultdict(int)
    for line in log.read_text().splitlines():
        words = line.removeprefix("import time:").split("|")
        if len(words) == 3 and words[0].strip().isdigit():
            package = words[2].strip().split(".")[0]
            package = package if package in ("smtpcheck", "typer", "dns", "email") else "standard"
            spent[package] += int(words[0])
            count[package] += 1
    order = sorted(spent, key=spent.__getitem__, reverse=True)
    rows = [[name, str(count[name]), f"{spent[name] / 1000:.1f}"] for name in order]
    return table(["package", "modules", "ms under -X importtime"], rows)
