"""Where the pieces of `contrib/` lie, the programs they are for, and a mail server for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from smtpcheck.sandbox.limits import Ports
from smtpcheck.sandbox.server import Sandbox
from tests.lab.postfix import program, wait_until_listening

ROOT = Path(__file__).parents[2]
CONTRIB = ROOT / "contrib"
BIN = Path(sys.executable).parent
SMTPCHECK = str(BIN / "smtpcheck")
TOOLS_VARIABLE = "CONTRIB_TOOLS"
"""Names the folder with the programs of PyPI that check the pieces."""
USER = "notify@example.com"
PASSWORD = "c4n4ry-Passw0rd"


def needed(name: str, package: str) -> str:
    """The path of a program of the system; skips the test without it."""
    if not program(name):
        pytest.skip(f"not installed: {name} (package {package})")
    return program(name)


def tool(name: str) -> str:
    """The path of a program of PyPI; skips the test without it."""
    folder = os.environ.get(TOOLS_VARIABLE, "")
    path = Path(folder, name)
    if not folder or not path.exists():
        pytest.skip(f"{TOOLS_VARIABLE} names no folder with {name}")
    return str(path)


def run(
    argv: list[str], folder: Path = ROOT, /, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A program that has ended, whatever its exit code."""
    return subprocess.run(
        argv,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, **environment},
    )


def good(argv: list[str], folder: Path = ROOT, /, **environment: str) -> str:
    """What a program printed. Fails the test with its words where it fails."""
    done = run(argv, folder, **environment)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stdout}{done.stderr}"
    return done.stdout


def documents(path: Path) -> list[dict[str, Any]]:
    """The documents of a YAML file."""
    return [each for each in yaml.safe_load_all(path.read_text("utf-8")) if each is not None]


def mail_server() -> Sandbox:
    """A server, not started, that takes the log-in of the examples, and relays without one."""
    return Sandbox(users={USER: PASSWORD}, ports=Ports(relay=0))


def pointed_at(text: str, server: Sandbox) -> str:
    """A profile, or a list of targets, of the examples with this server in the place of theirs."""
    for host, port, own in (
        ("smtp.example.com", 587, server.submission_port),
        ("relay.example.com", 25, server.relay_port),
    ):
        text = text.replace(f'"{host}"\nport = {port}', f'"127.0.0.1"\nport = {own}')
    return text


def trusting(server: Sandbox, config: Path, secrets: Path) -> dict[str, str]:
    """The environment of a program that finds profiles and secrets there and trusts this server."""
    return {
        "SMTPCHECK_CONFIG_DIR": str(config),
        "CREDENTIALS_DIRECTORY": str(secrets),
        "SMTPCHECK_TLS_CA_FILE": str(server.ca_file),
    }


@contextmanager
def serving(
    argv: list[str], port: int, folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A running exporter that listens on this port of loopback; it has to end well when told to."""
    log = folder / "serve.log"
    with log.open("wb") as file:
        running = subprocess.Popen(
            argv, stdout=file, stderr=file, env={**os.environ, **environment}, cwd=folder
        )
        try:
            wait_until_listening([port], log)
            yield running
            running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 0, log.read_text(errors="replace")
        finally:
            if running.poll() is None:
                running.kill()
                running.wait(20)


def fetch(url: str, timeout: float = 30) -> tuple[int, str]:
    """Status and body of a page on loopback."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:  # noqa: S310 # a URL of our own
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
