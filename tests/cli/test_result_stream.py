"""JSON lines while the run goes on."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smtpcheck.cli.result_stream import ResultStream, Telling
from smtpcheck.model.report import Report
from smtpcheck.report.jsonl import render_jsonl
from smtpcheck.store.report_file import must_be_writable, save_report
from tests.report.samples import failed_auth, report, several_targets

ROOT = Path(__file__).resolve().parent.parent.parent


def alone(whole: Report, number: int) -> Report:
    return report(whole.targets[number])


def test_each_target_is_written_once_and_the_rest_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = several_targets()
    stream = ResultStream(Telling(render_jsonl), len(whole.targets))
    stream.take(3, alone(whole, 3))
    stream.take(1, alone(whole, 1))
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert stream.close(whole) == ""
    stream.take(0, alone(whole, 0))  # a thread that was left behind
    names = [json.loads(line)["target"] for line in capsys.readouterr().out.splitlines()]
    assert names == [whole.targets[number].target for number in (0, 2, 4)]


def test_lines_of_several_threads_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    stream, only = ResultStream(Telling(render_jsonl), 16), failed_auth()
    threads = [threading.Thread(target=stream.take, args=(n, only)) for n in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 16
    assert {json.loads(line)["exit_code"] for line in lines} == {13}


def test_a_target_that_is_done_is_told_while_another_one_still_runs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        other = f"127.0.0.1:{silent.getsockname()[1]}"
        argv = ["-m", "smtpcheck", "probe", "127.0.0.1:1", other, "-f", "jsonl"]
        argv += ["--deadline", "60", "--set", "server.timeout=60", "--no-experiments"]
        with subprocess.Popen([sys.executable, *argv], cwd=ROOT, stdout=subprocess.PIPE) as run:
            assert run.stdout is not None
            first = json.loads(run.stdout.readline())
            run.send_signal(signal.SIGINT)
            rest = [json.loads(line) for line in run.stdout.read().splitlines()]
    assert first["target"] == "127.0.0.1:1"
    assert [(each["target"], each["outcome"]) for each in rest] == [(other, "interrupted")]
    assert run.returncode == 130


def test_a_report_replaces_the_old_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "report.prom"
    place.write_text("old")
    place.chmod(0o640)
    with place.open() as reader:
        assert save_report(str(place), ["n", "ew"]) == ""
        assert reader.read() == "old"
    assert place.read_text() == "new"
    assert place.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [place]


def test_asking_whether_a_file_can_be_written_makes_none(tmp_path: Path) -> None:
    must_be_writable(str(tmp_path / "report.xml"))
    assert list(tmp_path.iterdir()) == []
