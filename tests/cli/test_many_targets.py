"""Hundreds of targets in one run."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.cli.interrupts import AT_ONCE
from smtpcheck.model.report import TargetReport
from smtpcheck.store.record import packed
from tests.cli.command_line import CommandLine
from tests.many_hosts import HANG, REFUSE, RESET, SERVE, ManyHosts, address_of

COUNT = 300
QUICK = ("--no-experiments", "--set", "server.timeout=5", "--set", "server.security=none")


def behave(address: str) -> str:
    """One in thirty hangs, refuses or resets."""
    return {7: HANG, 17: REFUSE, 27: RESET}.get(int(address.rpartition(".")[2]) % 30, SERVE)


def listed(folder: Path, port: int, count: int = COUNT) -> list[str]:
    names = [f"{address_of(number)}:{port}" for number in range(count)]
    (folder / "list").write_text("".join(f"{name}\n" for name in names))
    return names


def test_nothing_is_lost_and_every_format_is_whole(smtpcheck: CommandLine, tmp_path: Path) -> None:
    with ManyHosts(behave) as hosts:
        names = listed(tmp_path, hosts.port)
        done = smtpcheck(
            *("probe", "--targets", "list", "--jobs", "16", *QUICK),
            *("-f", "json=all.json", "-f", "jsonl", "-f", "junit=all.xml", "-f", "html=all.html"),
        )
    assert done.code == 11
    whole = json.loads((tmp_path / "all.json").read_text())
    assert [each["target"] for each in whole["targets"]] == names
    lines = {json.loads(line)["target"]: json.loads(line) for line in done.out.splitlines()}
    assert sorted(lines) == sorted(names)
    for each in whole["targets"]:
        bad = behave(each["target"].partition(":")[0]) != SERVE
        assert each["outcome"] == ("failed" if bad else "passed"), each["target"]
        assert lines[each["target"]]["stages"] == each["stages"]
        assert not bad or each["diagnoses"], each["target"]
    suites = (tmp_path / "all.xml").read_text()
    assert all(f'"{name}"' in suites for name in names)


@pytest.mark.parametrize(
    ("more", "written"),
    [((), 0), (("-f", "jsonl"), 0), (("-f", "jsonl", "-f", "json=all.json"), 70)],
)
def test_a_result_is_written_down_only_for_who_reads_it_again(
    smtpcheck: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: tuple[str, ...],
    written: int,
) -> None:
    results: list[TargetReport] = []

    def counted(value: object) -> bytes | None:
        results.extend([value] if isinstance(value, TargetReport) else [])
        return packed(value)

    monkeypatch.setattr("smtpcheck.store.record.packed", counted)
    with ManyHosts() as hosts:
        names = listed(tmp_path, hosts.port, 70)
        done = smtpcheck("probe", "--targets", "list", *QUICK, *more)
    assert done.code == 0, done
    assert len(results) == written
    assert all(done.out.count(name) for name in names)


def test_a_host_has_only_so_many_targets_at_once(smtpcheck: CommandLine, tmp_path: Path) -> None:
    with ManyHosts() as hosts:
        lines = [
            f"{address_of(number % 3)}:{hosts.port} server.timeout={5 + number}"
            for number in range(60)
        ]
        (tmp_path / "list").write_text("\n".join(lines))
        words = ("probe", "--targets", "list", "--jobs", "12", "--per-host", "2", *QUICK)
        done = smtpcheck(*words, "-q")
    assert done.code == 0, done
    assert set(hosts.connections.values()) == {20}
    assert set(hosts.most.values()) <= {1, 2}


def test_a_refused_login_is_not_tried_again_by_hundreds(
    smtpcheck: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "wrong")
    monkeypatch.setenv("RIGHT", "canary")
    with ManyHosts() as hosts:
        lines = [
            f"{address_of(number % 2)}:{hosts.port} server.helo=a{number}.example"
            f" auth.password='{{env=\"{'RIGHT' if number % 2 else 'WRONG'}\"}}'"
            for number in range(100)
        ]
        (tmp_path / "list").write_text("\n".join(lines))
        done = smtpcheck(
            *("probe", "--targets", "list", "--until", "auth", *QUICK, "-f", "json"),
            *("--set", "auth.username=bob", "--set", "auth.allow_insecure=true"),
        )
    told = json.loads(done.out)["targets"]
    assert [each["exit_code"] for each in told] == [13, 0] * 50
    assert hosts.logins == {address_of(0): 1, address_of(1): 50}
    assert "canary" not in done.out


@contextmanager
def run(folder: Path, *words: str, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that never outlives its test, however that ends."""
    environment = {**os.environ, "SMTPCHECK_CONFIG_DIR": str(folder / "config")}
    process = subprocess.Popen(
        [sys.executable, "-m", "smtpcheck", "probe", "--targets", "list", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        stdout=-1,
        stderr=-1,
        **more,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_a_full_host_does_not_keep_others_from_being_probed(tmp_path: Path) -> None:
    """Six targets are at a silent host; those behind them are done before any of the six."""
    silent = address_of(0)
    with ManyHosts(lambda address: HANG if address == silent else SERVE) as hosts:
        lines = [f"{silent}:{hosts.port} server.helo=a{number}.example" for number in range(6)]
        others = [f"{address_of(number)}:{hosts.port}" for number in range(1, 30)]
        (tmp_path / "list").write_text("\n".join([*lines, *others]))
        words = (*QUICK, "--jobs", "3", "--per-host", "2", "--set", "server.timeout=59")
        with run(tmp_path, *words, "-f", "jsonl") as process:
            assert process.stdout is not None
            first = [json.loads(process.stdout.readline()) for _ in others]
            process.send_signal(signal.SIGINT)
            rest = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert sorted(each["target"] for each in first) == sorted(others)
    assert {each["outcome"] for each in rest} == {"interrupted"}
    assert len(rest) == 6
    assert hosts.connections[silent] == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_a_whole_report_in_every_format(tmp_path: Path, number: int) -> None:
    with ManyHosts(behave) as hosts:
        names = listed(tmp_path, hosts.port)
        formats = ("-f", "jsonl", "-f", "json=all.json", "-f", "junit=all.xml")
        with run(tmp_path, *formats, "--jobs", "4", *QUICK) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            first = [process.stdout.readline() for _ in range(5)]
            process.send_signal(number)
            out, err = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130
    assert err == b""
    whole = json.loads((tmp_path / "all.json").read_text())
    assert (whole["outcome"], whole["exit_code"]) == ("interrupted", 130)
    assert [each["target"] for each in whole["targets"]] == names
    outcomes = [each["outcome"] for each in whole["targets"]]
    assert outcomes.count("interrupted") > 200
    assert outcomes.count("passed") >= 4
    lines = [json.loads(line) for line in [*first, *out.splitlines()]]
    assert {each["target"]: each["outcome"] for each in lines} == dict(
        zip(names, outcomes, strict=True)
    )
    assert len(lines) == COUNT
    assert (tmp_path / "all.xml").read_text().rstrip().endswith("</testsuites>")


def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    """The report goes into a pipe that nobody reads, so that writing it does not end."""
    os.mkfifo(tmp_path / "pipe")
    with ManyHosts() as hosts:
        listed(tmp_path, hosts.port)
        words = ("-f", "jsonl", "-f", "json=pipe", "--jobs", "4", *QUICK)
        with run(tmp_path, *words) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            seen = [process.stdout.readline() for _ in range(COUNT - 1)]
            time.sleep(2 * AT_ONCE)  # a signal right behind the first is no second wish
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    assert len(seen) == COUNT - 1
    assert process.returncode == 130


def test_fewer_targets_side_by_side_than_wanted_are_told(tmp_path: Path) -> None:
    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with ManyHosts() as hosts:
        listed(tmp_path, hosts.port, 40)
        words = ("--jobs", "40", "-f", "json", *QUICK)
        with run(tmp_path, *words, preexec_fn=few_files) as process:
            out, err = process.communicate(timeout=60)
    assert b"note: 5 targets side by side, not 40" in err
    assert hosts.most_in_all <= 5
    assert {each["outcome"] for each in json.loads(out)["targets"]} == {"passed"}


def test_a_soft_limit_of_open_files_is_raised_for_them(tmp_path: Path) -> None:
    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 1024))

    with ManyHosts() as hosts:
        listed(tmp_path, hosts.port, 40)
        words = ("--jobs", "40", "-q", *QUICK)
        with run(tmp_path, *words, preexec_fn=few_files) as process:
            _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


PROCESSES = ("--processes", "3", "--jobs", "12")


def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    with ManyHosts(behave) as hosts:
        names = listed(tmp_path, hosts.port)
        words = (*PROCESSES, *QUICK, "--set", "server.timeout=2")
        with run(tmp_path, *words, "-f", "jsonl", "-f", "json=all.json") as process:
            out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (11, b"")
    whole = json.loads((tmp_path / "all.json").read_text())
    assert [each["target"] for each in whole["targets"]] == names
    assert sorted(json.loads(line)["target"] for line in out.splitlines()) == sorted(names)
    for each in whole["targets"]:
        bad = behave(each["target"].partition(":")[0]) != SERVE
        assert each["outcome"] == ("failed" if bad else "passed"), each["target"]


def test_each_host_is_in_one_process_so_that_its_limits_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "wrong")
    with ManyHosts() as hosts:
        lines = [
            f"{address_of(number % 4)}:{hosts.port} server.helo=a{number}.example"
            for number in range(160)
        ]
        (tmp_path / "list").write_text("\n".join(lines))
        words = ("--set", "auth.username=bob", "--set", "auth.allow_insecure=true")
        secret = ("--set", 'auth.password={env="WRONG"}', "--until", "auth", "--per-host", "1")
        with run(tmp_path, *PROCESSES, *QUICK, *words, *secret, "-f", "json") as process:
            out, _ = process.communicate(timeout=120)
    assert {each["exit_code"] for each in json.loads(out)["targets"]} == {13}
    assert hosts.logins == {address_of(number): 1 for number in range(4)}
    assert set(hosts.most.values()) == {1}


def test_an_interrupt_of_several_processes_leaves_a_whole_report(tmp_path: Path) -> None:
    with ManyHosts(behave) as hosts:
        names = listed(tmp_path, hosts.port)
        words = ("-f", "jsonl", "-f", "json=all.json", *PROCESSES, *QUICK)
        with run(tmp_path, *words) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            first = [process.stdout.readline() for _ in range(5)]
            process.send_signal(signal.SIGINT)
            out, err = process.stdout.read(), process.stderr.read()
    assert (process.returncode, err) == (130, b"")
    whole = json.loads((tmp_path / "all.json").read_text())
    outcomes = {each["target"]: each["outcome"] for each in whole["targets"]}
    assert list(outcomes) == names
    lines = [json.loads(line) for line in [*first, *out.splitlines()]]
    assert {each["target"]: each["outcome"] for each in lines} == outcomes
    assert len(lines) == COUNT


@pytest.mark.parametrize("processes", ["1", "3"])
def test_commands_that_print_secrets_do_not_outlive_an_interrupt(
    tmp_path: Path, processes: str
) -> None:
    command = tmp_path / "secret"
    command.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/pids\nexec sleep 55\n")
    command.chmod(0o755)
    secret = f'auth.password={{command=["{command}"]}}'
    with ManyHosts() as hosts:
        listed(tmp_path, hosts.port, 100)
        words = ("--set", "auth.username=bob", "--set", "auth.allow_insecure=true", "--set", secret)
        more = ("--processes", processes, "--until", "auth", "-f", "json", *QUICK)
        with run(tmp_path, *more, *words) as process:
            end = time.monotonic() + 30
            while not (tmp_path / "pids").exists():
                assert time.monotonic() < end, "no command ran"
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert process.returncode == 130
    end = time.monotonic() + 10
    while any(is_alive(int(each)) for each in (tmp_path / "pids").read_text().split()):
        assert time.monotonic() < end, "one is left behind"
        time.sleep(0.01)


def test_a_signal_to_all_processes_of_a_service_leaves_a_whole_report(tmp_path: Path) -> None:
    """As systemd ends one; begun by a shell that keeps Ctrl-C from what runs behind `&`."""
    with ManyHosts(lambda _: HANG) as hosts:
        names = listed(tmp_path, hosts.port, 100)
        words = ("-f", "json", "--processes", "3", *QUICK, "--set", "server.timeout=50")
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        with ExitStack() as stack:
            try:
                process = stack.enter_context(run(tmp_path, *words))
            finally:
                signal.signal(signal.SIGINT, before)
            for each in started(process, hosts):
                os.kill(each, signal.SIGTERM)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")
    told = json.loads(out)["targets"]
    assert [each["target"] for each in told] == names
    assert {each["outcome"] for each in told} == {"interrupted"}
    assert sum(bool(each["stages"]) for each in told) >= 4


def started(process: subprocess.Popen[bytes], hosts: ManyHosts) -> list[int]:
    """The two processes that the first one shares the targets with, once they are at work."""
    place = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    end = time.monotonic() + 30
    while len(place.read_text().split()) < 2 or hosts.most_in_all < 4:
        assert time.monotonic() < end, "they did not come so far"
        time.sleep(0.01)
    return [int(each) for each in place.read_text().split()]


def test_a_process_that_is_killed_loses_no_target(tmp_path: Path) -> None:
    with ManyHosts(lambda _: HANG) as hosts:
        names = listed(tmp_path, hosts.port, 100)
        words = ("-f", "jsonl", *PROCESSES, *QUICK, "--set", "server.timeout=50")
        with run(tmp_path, *words) as process:
            assert process.stdout is not None
            for each in started(process, hosts):
                os.kill(each, signal.SIGKILL)
            lost = [json.loads(process.stdout.readline()) for _ in range(66)]
            process.send_signal(signal.SIGINT)  # what the first process has would take minutes
            rest = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert {(each["outcome"], each["exit_code"]) for each in lost} == {("failed", 70)}
    assert all("ended with -9" in each["notes"][0] for each in lost)
    assert {each["outcome"] for each in rest} == {"interrupted"}
    assert sorted(each["target"] for each in [*lost, *rest]) == sorted(names)


def test_no_process_outlives_the_first(tmp_path: Path) -> None:
    with ManyHosts(lambda _: HANG) as hosts:
        listed(tmp_path, hosts.port, 100)
        words = (*PROCESSES, *QUICK, "--set", "server.timeout=50")
        with run(tmp_path, *words) as process:
            children = started(process, hosts)
            process.kill()
        end = time.monotonic() + 30
        while any(map(is_alive, children)):
            assert time.monotonic() < end, "one is left behind"
            time.sleep(0.01)


def is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("processes", ["1", "3"])
def test_fewer_threads_than_wanted_lose_no_target(tmp_path: Path, processes: str) -> None:
    """Their stacks do not fit into what the process may have; so it is in a container that has
    room for few."""

    def few_threads() -> None:
        resource.setrlimit(resource.RLIMIT_STACK, (64 << 20, 64 << 20))
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    with ManyHosts(behave) as hosts:
        names = listed(tmp_path, hosts.port, 100)
        patience = ("--set", "server.timeout=1", "--processes", processes)
        words = ("--jobs", "90", "-f", "json", *QUICK, *patience)
        with run(tmp_path, *words, preexec_fn=few_threads) as process:
            out, err = process.communicate(timeout=60)
    assert processes != "1" or b"side by side, not 90: the system gives" in err
    told = json.loads(out)["targets"]
    assert [each["target"] for each in told] == names
    assert {each["exit_code"] for each in told} == {0, 11}
