"""Races: what counts as done, what is timed, and what is left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import measure
from benchmarks.failure import FailedRunError
from benchmarks.measure import Run, Runner, Times, once, race, ratio
from benchmarks.processes import tree_peak
from tests.lab.postfix import free_ports

on_linux = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="asks the /proc of Linux"
)
_SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        server.accept()[0].close()
"""
_HOLDS = "held = b'x' * (60 << 20); input()"
_PARENT = f"""
import subprocess, sys
argv = [sys.executable, "-c", {_HOLDS!r}]
children = [subprocess.Popen(argv, stdin=subprocess.PIPE) for _ in range(2)]
input()
for child in children:
    child.communicate()
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def test_a_client_without_the_proof_of_success_ends_the_race() -> None:
    quick = Runner("quick", python("print('refused')"), "queued as")
    with pytest.raises(FailedRunError, match=r"quick ended with 0.*'queued as' 0 times"):
        race([quick], 1)


def test_a_client_that_says_the_right_thing_and_fails_ends_the_race() -> None:
    with pytest.raises(FailedRunError, match="liar ended with 3"):
        once(Runner("liar", python("print('queued as 1'); raise SystemExit(3)"), "queued as"))


@pytest.mark.parametrize("times", [2, 4])
def test_neither_fewer_nor_more_good_results_than_targets_pass(times: int) -> None:
    runner = Runner("three", python("print('235 yes\\n' * 3)"), "^235 ", times=times)
    with pytest.raises(FailedRunError, match=f"3 times in its output, not {times} times"):
        once(runner)
    once(Runner("three", runner.argv, "^235 ", times=3))


def test_a_good_result_is_counted_at_the_begin_of_a_line_alone() -> None:
    runner = Runner("one", python("print('235 yes\\n535 not 235 at all')"), "^235 ", times=1)
    assert once(runner).wall > 0


def test_results_in_files_count_and_are_gone_for_the_next_run(tmp_path: Path) -> None:
    code = "import sys; [open(f'{sys.argv[1]}/{n}', 'w').write('probe_success 1') for n in 'ab']"
    argv = python(code, str(tmp_path))
    runner = Runner("files", argv, "^probe_success 1$", times=1, answers=str(tmp_path))
    with pytest.raises(FailedRunError):
        once(runner)
    assert not list(tmp_path.iterdir())


def test_a_client_reads_the_file_that_it_is_given(tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_text("Subject: benchmark")
    argv = python("import sys; print(sys.stdin.read().upper())")
    once(Runner("reader", argv, "SUBJECT: BENCHMARK", stdin=str(message)))


@on_linux
def test_memory_is_that_of_all_processes_of_a_client_together() -> None:
    both = 2 * 60 * 1024
    with subprocess.Popen(python(_PARENT), stdin=subprocess.PIPE, text=True) as process:
        with tree_peak(process.pid) as peak:
            for _ in range(1000):
                if peak.kib > both:
                    break
                time.sleep(0.02)
        process.communicate("\n")
    assert peak.kib > both


def test_the_first_round_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, bool]] = []

    def fake(runner: Runner, serving: int | None, *, watched: bool) -> Run:
        calls.append((runner.name, watched))
        return Run(9.0 if watched else 1.0, 9.0 if watched else 0.5, 70 if watched else 60)

    monkeypatch.setattr(measure, "once", fake)
    times = race([Runner("a", []), Runner("b", [])], 2)
    first, counted = [("a", True), ("b", True)], [("b", False), ("a", False)]
    assert calls == [*first, *counted, ("a", False), ("b", False)]
    assert times["a"] == Times([1.0, 1.0], [0.5, 0.5], 70)


def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_the_medians() -> None:
    slow, base = Times([2.0, 9.0, 20.0]), Times([1.0, 3.0, 10.0])
    assert ratio(slow, base) == 2.0
    assert slow.typical / base.typical == 3.0


@on_linux
def test_an_exporter_is_asked_while_it_serves_and_ended_with_the_race() -> None:
    (port,) = free_ports(1)
    ask = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
    server = python(_SERVER, str(port))
    one = Runner("one", python(ask, str(port)), exporter=server, port=port)
    other = Runner("other", one.argv, exporter=server, port=port)
    times = race([one, other], 1)
    assert times["one"].peak_kib > 1024
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_an_exporter_that_does_not_start_is_named_with_its_words() -> None:
    (port,) = free_ports(1)
    broken = python("raise SystemExit('no such module: login')")
    with pytest.raises(FailedRunError, match="no such module: login"):
        race([Runner("asker", python("pass"), exporter=broken, port=port)], 1)


def test_python_starts_as_for_a_user_whatever_this_one_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in measure.clean_environment()
    assert measure.clean_environment()["PATH"] == os.environ["PATH"]
