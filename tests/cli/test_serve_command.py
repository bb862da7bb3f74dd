"""`smtpcheck serve` as a process: how it begins, is told things, and ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine
from tests.scripted.script import parse_script
from tests.scripted.server import ScriptedServer

PROFILE = """\
schema = 1
tags = ["{tag}"]
[server]
host = "127.0.0.1"
port = {port}
security = "none"
timeout = 60.0
"""


def write(smtpcheck: CommandLine, name: str, *, port: int = 9, tag: str = "t") -> Path:
    return smtpcheck.write(name, PROFILE.format(port=port, tag=tag))


class Running:
    """A process that serves, its URL, and its log."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log
        self.wait_for(lambda: "url=" in self.log())
        self.url = self.log().partition("url=")[2].split()[0]
        self.address = self.url.removeprefix("http://").rstrip("/")

    def wait_for(self, state: Callable[[], bool]) -> None:
        """Fails where it does not come, or the process ends first."""
        end = time.monotonic() + 60
        while not state():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)

    def get(self, page: str) -> str:
        client = http.client.HTTPConnection(self.address, timeout=30)
        try:
            client.request("GET", page)
            return client.getresponse().read().decode()
        finally:
            client.close()

    def log(self) -> str:
        return self._log.read_text()

    def end(self, number: int) -> int:
        """Its exit code after this signal."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextmanager
def serving(smtpcheck: CommandLine, *arguments: str, **environment: str) -> Iterator[Running]:
    log = smtpcheck.folder / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(
            [sys.executable, "-m", "smtpcheck", "serve", "--listen", "127.0.0.1:0", *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        ) as process,
    ):
        try:
            yield Running(process, log)
        finally:
            process.kill()
            assert process.stdout is not None
            assert process.stdout.read() == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it(smtpcheck: CommandLine, number: int, code: int) -> None:
    write(smtpcheck, "one")
    with serving(smtpcheck, "--all") as running:
        assert running.get("/-/healthy") == "smtpcheck is healthy\n"
        assert running.end(number) == code
        assert "Traceback" not in running.log()


def test_a_probe_that_hangs_does_not_hold_up_the_end(smtpcheck: CommandLine) -> None:
    script = parse_script("S: 220 hi\nC: EHLO\n!: hang")
    with ScriptedServer(script, None, strict=False) as silent:
        write(smtpcheck, "one", port=silent.port)
        with serving(smtpcheck, "one") as running:
            host, port = running.address.split(":")
            with socket.create_connection((host, int(port)), timeout=30) as client:
                client.sendall(b"GET /probe?target=one HTTP/1.1\r\nHost: x\r\n\r\n")
                running.wait_for(lambda: "in_flight 1" in running.get("/metrics"))
                running.process.send_signal(signal.SIGTERM)
                running.process.send_signal(signal.SIGINT)
                assert running.process.wait(timeout=40) in (0, 130)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_hangup_reads_the_files_again(smtpcheck: CommandLine) -> None:
    write(smtpcheck, "one")
    with serving(smtpcheck, "one") as running:
        smtpcheck.write("one", "schema = 2\n")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: "configuration read again" in running.log())
        assert "profile not read: its last good settings stay target=one" in running.log()
        assert "smtpcheck_config_last_reload_successful 0.0" in running.get("/metrics")


def test_systemd_is_told_when_it_is_ready_and_when_it_ends(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    write(smtpcheck, "one")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(60)
        with serving(smtpcheck, "one", NOTIFY_SOCKET=str(tmp_path / "notify")) as running:
            assert notified.recv(100) == b"READY=1"
            assert running.end(signal.SIGTERM) == 0
        assert notified.recv(100) == b"STOPPING=1"


def test_the_network_is_warned_of(smtpcheck: CommandLine) -> None:
    write(smtpcheck, "one")
    with serving(smtpcheck, "one", "--listen", ":0", "--log-format", "text") as running:
        running.wait_for(lambda: "others on the network can reach this exporter" in running.log())


def test_the_profiles_are_those_of_the_tag(smtpcheck: CommandLine) -> None:
    write(smtpcheck, "one", tag="mail")
    write(smtpcheck, "two", tag="other")
    with serving(smtpcheck, "--tag", "mail") as running:
        listed = json.loads(running.get("/targets"))
    assert [group["targets"] for group in listed] == [["one"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "which profiles are to be served?"),
        (("--all", "one"), "exclude each other"),
        (("--tag", "nothing"), "no profile has the tag nothing"),
        (("nothing",), "there is no profile nothing"),
        (("mail.example.test:587",), "is no profile: an exporter probes profiles alone"),
        (("--all", "--listen", "here"), "is not HOST:PORT"),
        (("--all", "--listen", "256.0.0.1:0"), "cannot listen at"),
        (("--all", "--web.config.file", "nothing.yml"), "the file cannot be read"),
        (("--all", "--until", "nowhere"), "is neither a stage nor a step"),
        (("--all", "--until", "tls", "--send"), "--send goes to the end"),
        (("--all", "--log-format", "xml"), "is not known"),
        (("--all", "--max-concurrent", "0"), "is not a whole number from 1"),
    ],
)
def test_what_cannot_be_served_is_a_usage_error(
    smtpcheck: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    write(smtpcheck, "one")
    write(smtpcheck, "two")
    done = smtpcheck("serve", *arguments)
    assert done.code == 2
    assert said in done.err
    assert "help:" in done.err or "nothing.yml" in done.err
    assert done.out == ""


def test_without_a_profile_it_is_told_how_to_make_one(smtpcheck: CommandLine) -> None:
    done = smtpcheck("serve", "--all")
    assert done.code == 2
    assert "smtpcheck profile init" in done.err


def test_without_the_extra_it_is_told_what_to_install(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(smtpcheck, "one")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = smtpcheck("serve", "--all")
    assert done.code == 2
    assert "pip install 'smtpcheck[serve]'" in done.err
