"""The command as a process: what goes to which stream, and streams that are closed, full or
gone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests.scripted.server import ScriptedServer

REFUSED = "127.0.0.1:1"


class Shell:
    """Runs lines of a shell in which `$S` is smtpcheck."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, line: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        names = {n: v for n, v in os.environ.items() if not n.startswith(("SMTPCHECK", "PYTHON"))}
        names |= {
            "S": f"{sys.executable} -m smtpcheck",
            "SMTPCHECK_CONFIG_DIR": str(self.folder),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**names, **environment},
            timeout=30,
            check=False,
            cwd=self.folder,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """Options that probe a server which takes a message."""
    with Sandbox() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANDBOX_PASSWORD", server.password)
        yield (
            f"submission://{server.username.replace('@', '%40')}@127.0.0.1:{server.submission_port}"
            f" --set tls.ca_file={server.ca_file} --set tls.server_name=localhost --no-input"
            """ --set 'auth.password={env="SANDBOX_PASSWORD"}'"""
        )


def test_the_report_goes_to_stdout_and_nothing_else_does(shell: Shell, sandbox: str) -> None:
    done = shell(f"$S probe {sandbox} --format json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["exit_code"] == 0
    assert done.stderr == b""


def test_an_error_goes_to_stderr_alone(shell: Shell) -> None:
    done = shell(f"$S probe {REFUSED} --until nonsense")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"nonsense" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_neither_the_run_nor_its_code(
    shell: Shell, sandbox: str, closed: str
) -> None:
    done = shell(f"$S probe {REFUSED} --debug-file told {closed}")
    assert done.returncode == 11
    assert b"Traceback" not in done.stderr
    assert "127.0.0.1" in (shell.folder / "told").read_text()
    if closed.count("&-") == 3:
        assert shell(f"$S probe {sandbox} {closed}").returncode == 0


@pytest.mark.parametrize(("target", "code"), [("", 0), (REFUSED, 11)])
def test_a_reader_that_has_read_enough_does_not_change_the_code(
    shell: Shell, sandbox: str, target: str, code: int
) -> None:
    done = shell(f"$S probe {target or sandbox} -v | head -1")
    assert done.returncode == code
    assert done.stderr == b""
    assert done.stdout.count(b"\n") == 1


@pytest.mark.parametrize("words", ["--help", "--version", "probe --help"])
def test_a_reader_that_is_gone_is_no_defect(shell: Shell, words: str) -> None:
    done = shell(f"(sleep 0.2; $S {words}) | true")
    assert done.returncode in (0, 1)
    assert done.stderr == b""


@pytest.mark.parametrize("words", ["--version", f"probe {REFUSED}"])
def test_a_full_disk_is_said_and_is_no_defect(shell: Shell, words: str) -> None:
    done = shell(f"$S {words} > /dev/full")
    assert done.returncode == (11 if "probe" in words else 1)
    assert done.stderr == b"error: cannot write to standard output: No space left on device\n"


def test_what_cannot_be_written_keeps_nothing_else_from_being_written(
    shell: Shell, sandbox: str
) -> None:
    done = shell(
        f"$S probe {sandbox} --debug-file /dev/full -f json=/dev/full -f json=good -f text"
    )
    assert done.returncode == 1
    assert b"passed" in done.stdout
    assert done.stderr.count(b"cannot write /dev/full: No space left on device") == 2
    assert json.loads((shell.folder / "good").read_text())["outcome"] == "passed"


@pytest.mark.parametrize("option", ["--debug-file", "-f json="])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(
    shell: Shell, option: str
) -> None:
    place = shell.folder / "missing" / "file"
    with ScriptedServer("S: 220 hi") as server:
        where = f"{option}{place}" if "=" in option else f"{option} {place}"
        done = shell(f"$S probe 127.0.0.1:{server.port} {where}")
    assert done.returncode == 2
    assert f"cannot write {place}".encode() in done.stderr
    assert server.connections == []


def test_a_named_pipe_gets_the_report_whole(shell: Shell) -> None:
    done = shell(
        f"mkfifo pipe; cat pipe > got & $S probe {REFUSED} -f json=pipe; c=$?; wait; exit $c"
    )
    assert done.returncode == 11
    assert json.loads((shell.folder / "got").read_text())["exit_code"] == 11


@pytest.mark.parametrize("settings", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_a_terminal_of_ascii_is_no_obstacle(shell: Shell, settings: dict[str, str]) -> None:
    done = shell("$S probe münchen.invalid:587 --until dns -v", **settings)
    assert done.returncode == 10, done.stderr
    if "PYTHONIOENCODING" in settings:
        assert done.stdout.isascii()


@pytest.mark.parametrize(
    "target", [r"$'h\xffst'", r"$'h\xffst:25'", r"$'smtp://u\xff@127.0.0.1:1'"]
)
def test_bytes_that_are_no_text_are_a_usage_error_or_a_failure(shell: Shell, target: str) -> None:
    done = shell(f"$S probe {target} --no-input")
    assert done.returncode in (2, 10, 11, 13), done.stderr
    assert b"Traceback" not in done.stderr


def test_a_message_may_come_from_standard_input(shell: Shell, sandbox: str) -> None:
    words = f"$S send-test {sandbox} --from a@example.test --to b@example.test --body-file -"
    assert shell(f"printf 'one\\n.\\ntwo' | {words}").returncode == 0
    assert shell(f"printf '\\xff' | {words}").returncode == 2
    assert shell(f"{words} <&-").returncode in (0, 2)


def test_many_targets_fit_into_few_file_descriptors(shell: Shell) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    targets = " ".join([f"127.0.0.{n}:{port}" for n in range(1, 41)])
    done = shell(f"ulimit -n 32; $S probe {targets} --jobs 256 -f json")
    assert done.returncode == 11, done.stderr
    causes = [target["diagnoses"][0]["cause"] for target in json.loads(done.stdout)["targets"]]
    assert causes == ["tcp-refused"] * 40
