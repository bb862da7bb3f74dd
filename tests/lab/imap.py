"""Postfix that delivers to Dovecot, and Dovecot's IMAP service in front of the mailboxes.

Mail to `alice+Junk@good.test` lies in alice's folder Junk. Postfix writes the verdicts that a
receiver would: what stands behind `verdicts:` in the subject. What Dovecot does not know is sent
back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.postfix import MailLab, free_ports, mail_lab, program, run_dovecot
from tests.pki import TestPki

ALICE = "alice@good.test"
PASSWORD = "imap-canary-1"
AUTHORITY = "mx.good.test"
_SERVICES = ("/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp")
_DOVECOT = """
protocols = imap lmtp
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
listen = 127.0.0.1
mail_location = maildir:~/mail
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
lda_mailbox_autocreate = yes
auth_failure_delay = 0 secs
ssl = yes
{certificate}
passdb {{
  driver = passwd-file
  args = username_format=%Lu {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%Lu {folder}/users
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Sorted {{
    auto = create
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""
_POSTFIX = """
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
recipient_delimiter = +
header_checks = regexp:{headers}
"""
_HEADERS = (
    "/^Subject:.*verdicts:(.*)$/ PREPEND Authentication-Results: {authority};${{1}}\n"
    "/^Subject:.*rewritten:(.*)$/ PREPEND X-Rewritten: yes\n"
)


@dataclass(frozen=True, slots=True)
class ImapLab:
    """Where the mailbox can be read, and where mail is handed in."""

    mail: MailLab
    imap: int
    imaps: int


@contextmanager
def imap_lab(folder: Path, pki: TestPki) -> Iterator[ImapLab]:
    """Starts all of it. Skips the test where it is not installed."""
    if not program("dovecot") or not all(Path(each).exists() for each in _SERVICES):
        pytest.skip("not installed: Dovecot's IMAP and LMTP (dovecot-imapd, dovecot-lmtpd)")
    boxes, mail = folder / "boxes", folder / "mail-lab"
    boxes.mkdir()
    mail.mkdir()
    for each in (folder, boxes):
        each.chmod(0o755)
    imap, imaps, lmtp = free_ports(3)
    home = boxes / "alice"
    home.mkdir()
    shutil.chown(home, 65534, 65534)
    (boxes / "users").write_text(f"{ALICE}:{{PLAIN}}{PASSWORD}:65534:65534::{home}::\n")
    chain, key = pki.write("good")
    (boxes / "dovecot.conf").write_text(
        _DOVECOT.format(
            folder=boxes,
            imap=imap,
            imaps=imaps,
            lmtp=lmtp,
            certificate=f"ssl_cert = <{chain}\nssl_key = <{key}",
        )
    )
    (folder / "headers").write_text(_HEADERS.format(authority=AUTHORITY))
    settings = _POSTFIX.format(lmtp=lmtp, headers=folder / "headers")
    with run_dovecot(boxes, imaps), mail_lab(mail, pki, postfix=settings) as running:
        yield ImapLab(running, imap, imaps)
