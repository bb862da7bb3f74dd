"""Icinga 2 and NRPE with our configuration."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests.contrib.pieces import CONTRIB, SMTPCHECK, mail_server, needed, run, trusting
from tests.contrib.test_github_action import PROFILE
from tests.lab.postfix import free_ports, wait_until_listening

FOLDER = CONTRIB / "icinga2"
_CONFIG = """
const NodeName = "test"
const ZoneName = NodeName
include <itl>
include "{command}"
object Host "mail" {{
  check_command = "dummy"
  vars.smtpcheck["notify"] = {{ smtpcheck_until = "rcpt", smtpcheck_expect = [ "min_tls=1.2" ] }}
  vars.smtpcheck["relay"] = {{ }}
}}
"""
_NRPE = """
server_address=127.0.0.1
server_port={port}
allowed_hosts=127.0.0.1
nrpe_user={user}
nrpe_group={user}
pid_file={folder}/nrpe.pid
log_file={folder}/nrpe.log
include={folder}/smtpcheck.cfg
"""


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with mail_server() as running:
        yield running


@pytest.mark.lab
def test_icinga_takes_the_command_and_makes_a_service_of_each_profile(tmp_path: Path) -> None:
    icinga = needed("icinga2", "icinga2-bin")
    for name in ("data", "cache", "log", "run", "spool"):
        (tmp_path / name).mkdir()
    config = tmp_path / "icinga2.conf"
    config.write_text(_CONFIG.format(command=FOLDER / "smtpcheck.conf"))
    places = {
        **{"DataDir": "data", "CacheDir": "cache", "LogDir": "log", "InitRunDir": "run"},
        **{"SpoolDir": "spool", "ObjectsPath": "cache/objects", "VarsPath": "cache/vars"},
    }
    argv = [icinga, "daemon", "-C", "-c", str(config), "--dump-objects", "-DRunAsUser=root"]
    argv += ["-DRunAsGroup=root", *(f"-D{name}={tmp_path / at}" for name, at in places.items())]
    done = run(argv, tmp_path, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Instantiated 2 Services" in done.stdout


def test_the_command_line_of_icinga_is_one_that_we_take(tmp_path: Path, server: Sandbox) -> None:
    """As Icinga makes it of the dictionary: by order, an array with repeat_key once for each."""
    text = (FOLDER / "smtpcheck.conf").read_text("utf-8")
    (command,) = re.findall(r"command = \[ (.*) \]", text)
    options = re.findall(r'^    "(--[a-z]*)" = \{$', text, re.MULTILINE)
    assert options[-1] == "--"
    values = {"--until": "auth", "--deadline": "60", "--retries": "1", "--expect": "min_tls=1.2"}
    (tmp_path / "profiles").mkdir()
    profile = PROFILE.format(port=server.submission_port).replace("SMTP_PASSWORD", "HOME")
    (tmp_path / "profiles/notify.toml").write_text(profile)
    argv = [SMTPCHECK, *re.findall(r'"([^"]+)"', command)[1:]]
    for option in options[:-1]:
        argv += [option, values[option]]
    environment = trusting(server, tmp_path, tmp_path) | {"HOME": server.password}
    done = run([*argv, "--", "notify"], **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("SMTP OK - notify")


@pytest.mark.lab
def test_nrpe_runs_the_line_and_hands_on_words_and_code(tmp_path: Path, server: Sandbox) -> None:
    nrpe = needed("nrpe", "nagios-nrpe-server")
    check = "/usr/lib/nagios/plugins/check_nrpe"
    if not os.access(check, os.X_OK):
        pytest.skip(f"not installed: {check} (package nagios-nrpe-plugin)")
    (port,) = free_ports(1)
    (tmp_path / "profiles").mkdir()
    profile = PROFILE.format(port=server.submission_port)
    (tmp_path / "profiles/notify.toml").write_text(
        profile.replace('env = "SMTP_PASSWORD"', f'file = "{tmp_path}/secret"')
        + f'[tls]\nca_file = "{server.ca_file}"\n'
    )
    line = (FOLDER / "nrpe.cfg").read_text("utf-8").replace("/usr/local/bin/smtpcheck", SMTPCHECK)
    (tmp_path / "smtpcheck.cfg").write_text(line.replace("/etc/smtpcheck", str(tmp_path)))
    config = tmp_path / "nrpe.cfg"
    config.write_text(_NRPE.format(port=port, folder=tmp_path, user=os.environ.get("USER", "root")))
    ask = [check, "-H", "127.0.0.1", "-p", str(port), "-n", "-t", "60", "-c", "check_smtpcheck"]
    argv = [nrpe, "-c", str(config), "-f", "-n"]
    with (tmp_path / "out").open("wb") as log:
        running = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        wait_until_listening([port], tmp_path / "nrpe.log")
        (tmp_path / "secret").write_text(server.password)
        (tmp_path / "secret").chmod(0o600)
        done = run(ask)
        assert (done.returncode, done.stdout[:16]) == (0, "SMTP OK - notify")
        assert "|" in done.stdout
        (tmp_path / "secret").write_text("wr0ng")
        done = run(ask)
        assert (done.returncode, done.stdout[:13]) == (2, "SMTP CRITICAL")
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(10)
