"""The units: systemd takes them, finds them closed, and what they start does what they promise."""

from __future__ import annotations

import re
import shlex
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests.contrib.pieces import (
    CONTRIB,
    PASSWORD,
    SMTPCHECK,
    documents,
    fetch,
    good,
    mail_server,
    needed,
    pointed_at,
    run,
    serving,
    trusting,
)
from tests.lab.postfix import free_ports

FOLDER = CONTRIB / "systemd"
SERVICES = ["smtpcheck-serve.service", "smtpcheck-probe.service"]


def value(unit: str, key: str) -> str:
    """The only value of a key of a unit."""
    (found,) = re.findall(rf"^{key}=(.*)$", (FOLDER / unit).read_text("utf-8"), re.MULTILINE)
    assert isinstance(found, str)
    return found


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path, server: Sandbox) -> dict[str, str]:
    """The profiles of the Kubernetes example, and the credential as systemd lays it."""
    (profiles, _) = documents(CONTRIB / "kubernetes/configmap.yaml")
    config, secrets = tmp_path / "smtpcheck", tmp_path / "credentials"
    (config / "profiles").mkdir(parents=True)
    secrets.mkdir(mode=0o700)
    for name, text in profiles["data"].items():
        (config / "profiles" / name).write_text(pointed_at(text, server))
    (secrets / value(SERVICES[0], "LoadCredential").split(":")[0]).write_text(PASSWORD)
    return trusting(server, config, secrets)


@pytest.mark.lab
def test_systemd_finds_nothing_wrong_in_the_units(tmp_path: Path) -> None:
    analyze = needed("systemd-analyze", "systemd")
    for path in FOLDER.iterdir():
        # The program must exist, as it would on the user's machine.
        text = path.read_text("utf-8").replace("/usr/local/bin/smtpcheck", SMTPCHECK)
        (tmp_path / path.name).write_text(text)
    units = [str(path) for path in tmp_path.iterdir()]
    done = run([analyze, "verify", "--recursive-errors=no", "--man=no", *units])
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.lab
@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_closed_as_far_as_a_network_client_can_be(unit: str) -> None:
    analyze = needed("systemd-analyze", "systemd")
    done = run([analyze, "security", "--offline=true", "--threshold=20", str(FOLDER / unit)])
    assert done.returncode == 0, done.stdout


def test_both_services_find_the_same_profiles_and_secrets() -> None:
    for key in ("Environment", "LoadCredential"):
        assert value(SERVICES[0], key) == value(SERVICES[1], key)


def test_the_service_says_when_it_is_ready_reloads_and_ends_as_told(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    assert value(SERVICES[0], "Type") == "notify"
    assert value(SERVICES[0], "ExecReload") == "/bin/kill -HUP $MAINPID"
    (port,) = free_ports(1)
    program, *arguments = shlex.split(value(SERVICES[0], "ExecStart"))
    assert program == "/usr/local/bin/smtpcheck"
    arguments = [each.replace("127.0.0.1:9587", f"127.0.0.1:{port}") for each in arguments]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        told = environment | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        with serving([SMTPCHECK, *arguments], port, tmp_path, told) as running:
            assert b"READY=1" in manager.recv(4096)
            _, metrics = fetch(f"http://127.0.0.1:{port}/probe?target=notify")
            assert 'probe_success{target="notify"} 1' in metrics
            running.send_signal(signal.SIGHUP)
            assert fetch(f"http://127.0.0.1:{port}/-/healthy")[0] == 200


def test_the_timers_service_writes_a_file_that_the_collector_may_read(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    command = value(SERVICES[1], "ExecStart").replace("/usr/local/bin/smtpcheck", SMTPCHECK)
    folder = value(SERVICES[1], "ReadWritePaths")
    (tmp_path / "collector").mkdir()
    good(shlex.split(command.replace(folder, str(tmp_path / "collector"))), **environment)
    (file,) = (tmp_path / "collector").iterdir()
    assert file.suffix == ".prom"
    assert file.stat().st_mode & 0o044 == 0o044
    assert 'probe_success{target="notify"} 1' in file.read_text()


def test_a_failed_probe_is_no_failed_service() -> None:
    codes = {int(code) for code in value(SERVICES[1], "SuccessExitStatus").split()}
    assert codes == {1, 10, 11, 12, 13, 14, 15, 75}
