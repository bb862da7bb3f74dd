"""Cyrus' LMTP server for the tests: a login by Cyrus SASL, tied to the TLS connection (-PLUS)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.postfix import free_ports, wait_until_listening
from tests.pki import TestPki

USER, PASSWORD = "alice", "alice-pass-1"
_MASTER, _LMTPD = Path("/usr/lib/cyrus/bin/master"), Path("/usr/lib/cyrus/bin/lmtpd")
_OWNER = "cyrus"
_IMAPD = """
configdirectory: {folder}/conf
partition-default: {folder}/part
defaultpartition: default
servername: mail.example.test
lmtp_admins: {user}
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
sasl_mech_list: PLAIN SCRAM-SHA-256 SCRAM-SHA-1
tls_server_cert: {folder}/chain.pem
tls_server_key: {folder}/key.pem
allowplaintext: no
"""
_CYRUS = """
START {{
}}
SERVICES {{
  lmtp cmd="{lmtpd} -C {folder}/imapd.conf" listen="127.0.0.1:{port}" prefork=0
}}
EVENTS {{
}}
"""


def ready() -> None:
    """Skips the test where the servers are not installed, or may not be run."""
    if not _MASTER.exists() or not _LMTPD.exists():
        pytest.skip("not installed: Cyrus (package cyrus-common)")
    if not shutil.which("saslpasswd2"):
        pytest.skip("not installed: saslpasswd2 (package sasl2-bin)")
    if os.geteuid() != 0:
        pytest.skip("Cyrus needs root, to become its own user")


@contextmanager
def cyrus_lmtp(folder: Path, pki: TestPki) -> Iterator[int]:
    """Starts it, gives its port, stops it."""
    ready()
    [port] = free_ports(1)
    for name in ("conf/socket", "conf/proc", "conf/db", "conf/lock", "part"):
        (folder / name).mkdir(parents=True)
    good = pki.issue("good")
    (folder / "chain.pem").write_bytes(good.chain)
    (folder / "key.pem").write_bytes(good.key)
    (folder / "imapd.conf").write_text(_IMAPD.format(folder=folder, user=USER))
    (folder / "cyrus.conf").write_text(_CYRUS.format(folder=folder, lmtpd=_LMTPD, port=port))
    known = ["-f", str(folder / "sasldb2"), "-u", "mail.example.test"]
    subprocess.run(
        ["saslpasswd2", "-p", "-c", *known, USER],
        input=f"{PASSWORD}\n".encode(),
        check=True,
        timeout=20,
    )
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, _OWNER)
    files = {"-C": "imapd.conf", "-M": "cyrus.conf", "-p": "master.pid"}
    argv = [str(_MASTER), *(w for key, name in files.items() for w in (key, str(folder / name)))]
    with (folder / "master.log").open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            wait_until_listening([port], folder / "master.log")
            yield port
        finally:
            process.terminate()
            process.wait(20)
