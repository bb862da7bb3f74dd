"""What a command may import: the budget of a quick start, in modules and never in time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.pki import TestPki
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

ROOT = Path(__file__).resolve().parent.parent
HEAVY = (
    "ssl",
    "dns",
    "keyring",
    "cryptography",
    "rich",
    "tomlkit",
    "tomli_w",
    "email",
    "asyncio",
    "authlib",
    "requests",
    "jinja2",
)
_PROFILE = """schema = 1
[server]
host = "{host}"
port = {port}
security = "starttls"
[tls]
ca_file = "{ca_file}"
server_name = "mail.example.test"
[auth]
username = "alice@example.test"
password = {{ env = "PASSWORD_HERE" }}
[sender]
address = "alice@example.test"
[test]
to = ["ops@example.test"]
"""


def imported(*arguments: str, code: int = 0, **environment: str) -> frozenset[str]:
    """Every module that a command line imports, in a process of its own and in a pipe."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "smtpcheck", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr[-3000:]
    rows = (line.split("|") for line in done.stderr.splitlines() if line.startswith("import time:"))
    return frozenset(row[2].strip() for row in rows if len(row) == 3)


def loaded(modules: frozenset[str], packages: Sequence[str]) -> list[str]:
    """Which of these packages are among the modules."""
    return [package for package in packages if package in modules]


@pytest.fixture
def profile(pki: TestPki, tmp_path: Path) -> Iterator[Path]:
    """A profile for a server with nothing wrong, at an address."""
    with ScriptedServer(read_script("good"), pki, strict=False) as server:
        path = tmp_path / "good.toml"
        path.write_text(
            _PROFILE.format(host="127.0.0.1", port=server.port, ca_file=pki.ca_file), "utf-8"
        )
        yield path


@pytest.mark.parametrize(
    "arguments", [("--version",), ("__complete", "profiles", "presets"), ("--help",)]
)
def test_what_is_answered_at_once_imports_next_to_nothing(arguments: tuple[str, ...]) -> None:
    modules = imported(*arguments)
    assert loaded(modules, (*HEAVY, "typer", "dataclasses", "socket")) == []
    assert len([name for name in modules if name.startswith("smtpcheck.")]) <= 6


def test_the_help_of_a_command_imports_nothing_that_works() -> None:
    modules = imported("probe", "--help")
    assert loaded(modules, HEAVY) == []
    assert loaded(modules, ("smtpcheck.probe", "smtpcheck.store", "smtpcheck.catalog.loader")) == []


def test_a_usage_error_imports_nothing_heavy() -> None:
    assert loaded(imported("probe", "--until", "x", "a.test:25", code=2), HEAVY) == []


def test_a_list_of_profiles_imports_nothing_of_the_network(tmp_path: Path) -> None:
    modules = imported("profile", "list", SMTPCHECK_CONFIG_DIR=str(tmp_path))
    assert loaded(modules, (*HEAVY, "smtpcheck.probe")) == []


def test_a_probe_that_passes_imports_only_what_it_uses(profile: Path) -> None:
    modules = imported("probe", str(profile), PASSWORD_HERE="canary-P4ssw0rd")
    unused = [each for each in HEAVY if each not in ("ssl", "email")]
    assert loaded(modules, unused) == []
    own = (
        "smtpcheck.catalog.loader",
        "smtpcheck.diagnosis.judge",
        "smtpcheck.report.diagnosis_block",
        "smtpcheck.report.json_report",
        "smtpcheck.sandbox",
        "smtpcheck.store.presets",
        "encodings.idna",
        "json",
    )
    assert loaded(modules, own) == []
    assert {"ssl", "email.message", "smtpcheck.probe.connect"} <= modules


def test_a_probe_without_tls_and_mail_imports_neither_ssl_nor_email(profile: Path) -> None:
    modules = imported("probe", str(profile), "--until", "tcp", PASSWORD_HERE="x")
    assert loaded(modules, HEAVY) == []


def test_dnspython_is_imported_for_a_name() -> None:
    modules = imported(
        "probe", "mail.example.test:25", "--until", "dns", "--resolver", "127.0.0.1:9", code=10
    )
    assert "dns.message" in modules


def test_a_failure_reads_the_catalogue_and_nothing_else_is_loaded() -> None:
    modules = imported("probe", "127.9.9.9:9", code=11)
    assert "smtpcheck.catalog.loader" in modules
    assert loaded(modules, ("rich", "keyring", "cryptography", "dns", "tomlkit", "email")) == []
