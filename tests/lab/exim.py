"""Exim for the tests: a real server, from a package that is unpacked and not installed.

The package conflicts with Postfix', so that `.ci/run` unpacks it and names the program in
SMTPCHECK_LAB_EXIM. It insists on a user of its own, which it finds in a mount namespace of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.lab.postfix import free_ports, wait_until_listening
from tests.pki import TestPki

USER, PASSWORD = "alice@good.test", "alice-pass-1"
_UID = 9700
_CONFIG = """
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = {folder}/spool
log_file_path = {folder}/spool/exim-%s.log
keep_environment =
pid_file_path = {folder}/exim.pid
primary_hostname = mail.example.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts = *
tls_certificate = {folder}/chain.pem
tls_privatekey = {folder}/key.pem
tls_try_verify_hosts = *
tls_verify_certificates = {ca}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_rcpt = rcpt
host_lookup =
rfc1413_query_timeout = 0s
begin acl
rcpt:
  accept authenticated = *
  deny message = relay not permitted
begin routers
all:
  driver = accept
  transport = nowhere
begin transports
nowhere:
  driver = appendfile
  file = /dev/null
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1
spa:
  driver = spa
  public_name = NTLM
  server_password = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = $tls_in_certificate_verified
  server_param2 = ${{certextract{{subject,CN}}{{$tls_in_peercert}}}}
  server_condition = ${{if eq{{$auth2}}{{{user}}}}}
  server_set_id = $auth2
"""


def program() -> str:
    """Where Exim is; skips the test where it is not, or may not be run."""
    found = os.environ.get("SMTPCHECK_LAB_EXIM") or shutil.which("exim4", path="/usr/sbin")
    if not found or not Path(found).exists():
        pytest.skip("no Exim: unpack exim4-daemon-heavy and name it in SMTPCHECK_LAB_EXIM")
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("Exim needs root and a mount namespace")
    return found


@contextmanager
def exim(folder: Path, pki: TestPki) -> Iterator[int]:
    """Starts Exim, waits until it listens, gives its port, stops it."""
    binary = program()
    [port] = free_ports(1)
    folder.chmod(0o755)
    (folder / "spool").mkdir()
    os.chown(folder / "spool", _UID, _UID)
    good = pki.issue("good")
    for name, content in (("chain.pem", good.chain), ("key.pem", good.key)):
        (folder / name).write_bytes(content)
        os.chown(folder / name, 0, _UID)
        (folder / name).chmod(0o640)
    ca = folder / "ca.pem"
    shutil.copy(pki.ca_file, ca)
    config = folder / "exim.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, ca=ca, user=USER, password=PASSWORD))
    entries = {"passwd": f"{_UID}:{_UID}::/nonexistent:/bin/false", "group": f"{_UID}:"}
    for name, entry in entries.items():
        known = Path("/etc", name).read_text()
        (folder / name).write_text(f"{known}Debian-exim:x:{entry}\n")
    script = (
        'for f in passwd group; do mount --bind "$1/$f" /etc/$f || exit 1; done;'
        ' exec "$2" -C "$1/exim.conf" -bdf'
    )
    argv = ["unshare", "--mount", "sh", "-c", script, "exim", str(folder), binary]
    out = folder / "exim.out"
    with out.open("wb") as told:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=told, stderr=told)
        try:
            wait_until_listening([port], out)
            yield port
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
