"""Icinga 2 and NRPE with our configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests.contrib.pieces import CONTRIB, PASSWORD, SMTPCHECK, mail_server, needed, run, trusting
from tests.contrib.test_github_action import PROFILE

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


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with mail_server() as running:
        yield running


def profiles(folder: Path, server: Sandbox) -> None:
    (folder / "profiles").mkdir()
    (folder / "profiles/notify.toml").write_text(PROFILE.format(port=server.submission_port))


@pytest.mark.lab
def test_icinga_takes_the_command_and_makes_a_service_of_each_profile(tmp_path: Path) -> None:
    icinga = needed("icinga2", "icinga2-bin")
    config = tmp_path / "icinga2.conf"
    config.write_text(_CONFIG.format(command=FOLDER / "smtpcheck.conf"))
    own = ("DataDir", "CacheDir", "LogDir", "InitRunDir", "SpoolDir")
    places = {name: tmp_path / name for name in own}
    for folder in places.values():
        folder.mkdir()
    places |= {"ObjectsPath": tmp_path / "objects", "VarsPath": tmp_path / "vars"}
    argv = [icinga, "daemon", "-C", "-c", str(config), "-DRunAsUser=root"]
    argv += ["-DRunAsGroup=root", *(f"-D{name}={at}" for name, at in places.items())]
    done = run(argv, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Instantiated 2 Services" in done.stdout


def test_the_command_line_of_icinga_is_one_that_we_take(tmp_path: Path, server: Sandbox) -> None:
    """As Icinga makes it of the dictionary: by order, an array with repeat_key once for each."""
    text = (FOLDER / "smtpcheck.conf").read_text("utf-8")
    (command,) = re.findall(r"command = \[ (.*) \]", text)
    options = re.findall(r'^    "(--[a-z]*)" = \{$', text, re.MULTILINE)
    assert options[-1] == "--"
    values = {"--until": "auth", "--deadline": "60", "--retries": "1", "--expect": "min_tls=1.2"}
    profiles(tmp_path, server)
    argv = [SMTPCHECK, *re.findall(r'"([^"]+)"', command)[1:]]
    for option in options[:-1]:
        argv += [option, values[option]]
    environment = trusting(server, tmp_path, tmp_path)
    done = run([*argv, "--", "notify"], **environment, SMTP_PASSWORD=PASSWORD)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("SMTP OK - notify")


def test_the_line_of_nrpe_is_a_whole_command(tmp_path: Path, server: Sandbox) -> None:
    """NRPE hands the line to a shell, and words and code on."""
    profiles(tmp_path, server)
    (line,) = re.findall(
        r"^command\[check_smtpcheck\]=(.*)$", (FOLDER / "nrpe.cfg").read_text(), re.MULTILINE
    )
    line = line.replace("/usr/local/bin/smtpcheck", SMTPCHECK)
    line = line.replace("/etc/smtpcheck", str(tmp_path))
    environment = trusting(server, tmp_path, tmp_path)
    done = run(["sh", "-c", line], **environment, SMTP_PASSWORD=PASSWORD)
    assert (done.returncode, done.stdout[:16]) == (0, "SMTP OK - notify")
    done = run(["sh", "-c", line], **environment, SMTP_PASSWORD="wr0ng")
    assert (done.returncode, done.stdout[:13]) == (2, "SMTP CRITICAL")
