"""Whole probes against real servers: on loopback, at the end of a slow line, and where the time
of one goes."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator

from benchmarks.clients import NAME, Clients
from benchmarks.measure import (
    Runner,
    Times,
    milliseconds,
    race_table,
    ratio,
    table,
    verdict,
)
from benchmarks.network import Laboratory

LOOPBACK_AIM = 2.5
SLOW_AIM = 0.85
WAITS = {"submission": 10, "submissions": 8}
ONE_WAY = 0.05


def on_loopback(lab: Laboratory, clients: Clients, rounds: int) -> Iterator[str]:
    """Tables of whole processes without any delay, by name and by address."""
    for host, title in (
        (NAME, "By name, DNS included (this is the claim)"),
        ("localhost", "As localhost, without DNS"),
    ):
        times = lab.near.race(clients.everybody(host), rounds)
        yield f"{title}\n\n" + race_table(times, "swaks", {"smtpcheck probe": LOOPBACK_AIM})


def on_slow_line(lab: Laboratory, clients: Clients, rounds: int) -> Iterator[str]:
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
    rows.append(["smtpcheck probe, implicit TLS", str(implicit), "", "", "", "", ""])
    yield table(
        ["what", "waits", "ms at 0", "ms at 100", "RTTs paid", "ratio to swaks", "aim"], rows
    )
    done = counted["smtpcheck probe"] <= WAITS["submission"] and implicit <= WAITS["submissions"]
    yield (
        f"Waits aimed at: {WAITS['submission']} with STARTTLS, {WAITS['submissions']} with implicit"
        f" TLS: {'yes' if done else 'NO'}. RTTs paid: what the delay really cost; servers that hold"
        " a reply back until an ACK has come (Nagle, behind TLS 1.3 tickets) add to it."
    )


def _slow_row(name: str, waits: int, quick: Times, slow: dict[str, Times]) -> list[str]:
    paid = (slow[name].typical - quick.typical) / (2 * ONE_WAY)
    value = ratio(slow[name], slow["swaks"])
    aim = verdict(value, SLOW_AIM) if name == "smtpcheck probe" else ""
    times = [milliseconds(quick.typical), milliseconds(slow[name].typical)]
    return [name, str(waits), *times, f"{paid:.1f}", f"{value:.2f}", aim]


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


def where_time_goes(lab: Laboratory, clients: Clients, rounds: int) -> Iterator[str]:
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
        whole.append(times["smtpcheck probe"].typical)
        stages["python itself"].append(times["python -c pass"].typical)
        for stage in json.loads(report.read_text())["targets"][0]["stages"]:
            stages[stage["stage"]].append(stage["elapsed_ms"] / 1000)
    total = statistics.median(whole)
    parts = {name: statistics.median(values) for name, values in stages.items()}
    parts["imports, profile, report"] = total - sum(parts.values())
    parts["whole process"] = total
    rows = [[name, milliseconds(took), f"{took / total:.0%}"] for name, took in parts.items()]
    yield table(["part", "ms", "share"], rows)
    yield _imports(lab, clients, probe)


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
