"""Dovecot's own submission server for the tests: it takes the login from a client certificate."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.postfix import USERS, free_ports, ready, run_dovecot
from tests.pki import TestPki

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = submission
listen = 127.0.0.1
hostname = mail.example.test
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
ssl_ca = <{ca}
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
auth_mechanisms = plain external
auth_failure_delay = 0 secs
auth_username_chars =
mail_location = maildir:{folder}/mail
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
submission_relay_trusted = no
passdb {{
  driver = passwd-file
  mechanisms = external
  args = username_format=%Lu {folder}/certified
}}
passdb {{
  driver = passwd-file
  args = username_format=%Lu {folder}/users
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}/mail
}}
service submission-login {{
  inet_listener submission {{
    port = {port}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@contextmanager
def dovecot_submission(folder: Path, pki: TestPki, relay: int) -> Iterator[int]:
    """Starts it, gives its port, stops it. Mail would go to the server at `relay`."""
    ready()
    if not Path("/usr/lib/dovecot/submission-login").exists():
        pytest.skip("not installed: Dovecot's submission service (package dovecot-submissiond)")
    folder.chmod(0o755)
    [port] = free_ports(1)
    (folder / "mail").mkdir()
    shutil.chown(folder / "mail", 65534, 65534)
    chain, key = pki.write("good")
    for path in (chain, key, pki.ca_file):
        shutil.copy(path, folder)
    (folder / "users").write_text("".join(f"{u}:{{PLAIN}}{p}::::::\n" for u, p in USERS.items()))
    (folder / "certified").write_text("".join(f"{u}:{{PLAIN}}::::::: nopassword\n" for u in USERS))
    (folder / "dovecot.conf").write_text(
        _CONFIG.format(
            folder=folder,
            chain=folder / chain.name,
            key=folder / key.name,
            ca=folder / pki.ca_file.name,
            relay=relay,
            port=port,
        )
    )
    with run_dovecot(folder, port):
        yield port
