"""Dovecot's LMTP service for the tests, over TCP and a Unix socket, as an instance of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.postfix import free_ports, program, wait_until_listening
from tests.pki import TestPki

ALICE, BROKEN, FULL = "alice@good.test", "broken@good.test", "full@good.test"
"""Gets her mail; has a mailbox that cannot be written; is over quota."""
_SERVICE = Path("/usr/lib/dovecot/lmtp")
_DOVECOT = """
protocols = lmtp
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:~/mail
mail_plugins = quota
ssl = yes
{certificate}
passdb {{
  driver = static
  args = password=x
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage=1G
}}
lmtp_rcpt_check_quota = no
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener lmtp {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class LmtpLab:
    """Where the service listens, and where mail lies."""

    port: int
    socket: Path
    mailbox: Path
    """Alice's, where new mail comes."""


@contextmanager
def lmtp_lab(folder: Path, pki: TestPki) -> Iterator[LmtpLab]:
    """Starts Dovecot and waits until it listens. Skips the test where it is not installed."""
    path = program("dovecot")
    if not path or not _SERVICE.exists():
        pytest.skip("not installed: Dovecot's LMTP service (package dovecot-lmtpd)")
    [port] = free_ports(1)
    chain, key = pki.write("good")
    certificate = f"ssl_cert = <{chain}\nssl_key = <{key}"
    users = ""
    for address in (ALICE, BROKEN, FULL):
        home = folder / address.partition("@")[0]
        home.mkdir()
        shutil.chown(home, 65534, 65534)
        rule = "userdb_quota_rule=*:bytes=10" if address == FULL else ""
        users += f"{address}::65534:65534::{home}::{rule}\n"
    (folder / "broken" / "mail").write_text("a file where Dovecot wants a folder")
    (folder / "users").write_text(users)
    (folder / "dovecot.conf").write_text(
        _DOVECOT.format(folder=folder, port=port, certificate=certificate)
    )
    argv = [path, "-F", "-c", str(folder / "dovecot.conf")]
    with (folder / "dovecot.out").open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            wait_until_listening([port], folder / "dovecot.log")
            mailbox = folder / "alice" / "mail" / "new"
            yield LmtpLab(port, folder / "run" / "lmtp", mailbox)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
