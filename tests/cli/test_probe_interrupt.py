"""Ctrl-C at every stage: exit 130, the whole report, no traceback, and a terminal as it was."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pki import TestPki
from tests.scripted.server import ScriptedServer

IN_TLS = "!: include parts/starttls.smtp\n"


def start(folder: Path, *arguments: str, **more: Any) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, with a configuration of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SMTPCHECK")},
        "SMTPCHECK_CONFIG_DIR": str(folder),
        "PASSWORD": "canary",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "smtpcheck", *arguments],
        env=environment,
        **{"stdin": subprocess.DEVNULL, "stdout": -1, "stderr": -1, **more},
    )


def until(seen: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "it did not come so far"
        time.sleep(0.01)


def interrupted(process: subprocess.Popen[bytes]) -> tuple[Any, str, float]:
    """The report, standard error, and the seconds from the signal to the end."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    return json.loads(out), err.decode(), time.monotonic() - began


def write_profile(folder: Path, name: str, server: ScriptedServer, pki: TestPki) -> None:
    path = folder / "profiles" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"""\
schema = 1
[server]
host = "127.0.0.1"
port = {server.port}
security = "starttls"
[tls]
ca_file = "{pki.ca_file}"
server_name = "mail.example.test"
[auth]
username = "alice@example.test"
password = {{ env = "PASSWORD" }}
[sender]
address = "alice@example.test"
[test]
to = ["ops@example.test"]
""")


@pytest.mark.parametrize(
    ("text", "lines", "cut", "over"),
    [
        ("!: hang", 0, "tcp", ["dns"]),
        ("S: 220 hi\nC: EHLO\n!: hang", 1, "tcp", ["dns"]),
        ("!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: hang", 2, "tls", ["dns", "tcp"]),
        (IN_TLS + "C: AUTH\n!: hang", 4, "auth", ["dns", "tcp", "tls"]),
        (
            "!: include parts/login.smtp\nC: MAIL\n!: hang",
            5,
            "send",
            ["dns", "tcp", "tls", "auth"],
        ),
        (
            "!: include parts/to-the-dot.smtp\n!: hang",
            7,
            "send",
            ["dns", "tcp", "tls", "auth"],
        ),
    ],
)
def test_what_was_found_out_is_told(
    pki: TestPki, tmp_path: Path, text: str, lines: int, cut: str, over: list[str]
) -> None:
    with ScriptedServer(text, pki, strict=False) as server:
        write_profile(tmp_path, "one", server, pki)
        process = start(tmp_path, "probe", "one", "--format", "json")
        until(lambda: server.connections and len(server.connections[0].lines) >= lines)
        time.sleep(0.1)
        report, err, seconds = interrupted(process)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert seconds < 2
    (target,) = report["targets"]
    assert (report["outcome"], target["outcome"], target["exit_code"]) == (
        "interrupted",
        "interrupted",
        130,
    )
    outcomes = {stage["stage"]: stage["outcome"] for stage in target["stages"]}
    assert list(outcomes) == ["dns", "tcp", "tls", "auth", "send"]
    assert all(outcomes[stage] == "passed" for stage in over)
    assert outcomes[cut] == "interrupted"
    assert target["transcript"][-1]["text"] == "interrupted"


def test_of_several_targets_each_tells_how_far_it_came(pki: TestPki, tmp_path: Path) -> None:
    with (
        ScriptedServer(IN_TLS + "C: AUTH\n!: hang", pki, strict=False) as slow,
        ScriptedServer("S: 554 no", pki, strict=False) as quick,
    ):
        write_profile(tmp_path, "slow", slow, pki)
        write_profile(tmp_path, "quick", quick, pki)
        write_profile(tmp_path, "third", slow, pki)
        words = ("probe", "slow", "quick", "third", "--jobs", "1", "--format", "json")
        process = start(tmp_path, *words)
        until(lambda: slow.connections and len(slow.connections[0].lines) >= 4)
        report, err, seconds = interrupted(process)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert seconds < 2
    under_way, unbegun, _ = report["targets"]
    assert [stage["outcome"] for stage in under_way["stages"]] == [
        "passed",
        "passed",
        "passed",
        "interrupted",
        "skipped",
    ]
    assert any("EHLO" in event["text"] for event in under_way["transcript"])
    assert unbegun["outcome"] == "interrupted"
    assert unbegun["stages"] == [] or all(s["outcome"] == "skipped" for s in unbegun["stages"])


@pytest.mark.parametrize("count", [1, 2])
def test_a_terminal_that_was_asked_for_a_password_shows_what_is_typed_again(
    pki: TestPki, tmp_path: Path, count: int
) -> None:
    leader, follower = pty.openpty()
    with ScriptedServer(IN_TLS + "!: hang", pki, strict=False) as server:
        target = f"submission://alice%40example.test@127.0.0.1:{server.port}"
        twice = [target, target.replace("alice", "bob")][:count]
        process = start(
            tmp_path,
            "probe",
            *twice,
            "--set",
            f"tls.ca_file={pki.ca_file}",
            "--set",
            "tls.server_name=mail.example.test",
            stdin=follower,
            stdout=subprocess.DEVNULL,
            stderr=follower,
            start_new_session=True,
        )
        until(lambda: not termios.tcgetattr(follower)[3] & termios.ECHO)
        process.send_signal(signal.SIGINT)
        process.wait(10)
    shown = os.read(leader, 100_000).decode()
    echoes = termios.tcgetattr(follower)[3] & termios.ECHO
    os.close(leader)
    os.close(follower)
    assert process.returncode == 130
    assert echoes
    assert "Traceback" not in shown


@pytest.mark.parametrize("module", ["typer", "smtpcheck.cli.app", "smtpcheck.api", "ssl"])
def test_an_interrupt_while_the_program_begins_is_no_traceback(tmp_path: Path, module: str) -> None:
    """The module is one that interrupts whoever imports it."""
    code = f"""\
import sys
class Cut:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Cut())
sys.argv = ["smtpcheck", "probe", "submission://127.0.0.1:1"]
from smtpcheck.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=20, check=False
    )
    assert done.returncode in (130, 11)
    assert b"Traceback" not in done.stderr
