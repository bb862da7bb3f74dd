"""Postfix with Dovecot SASL for the tests: real servers, as instances of their own.

Every file is below one temporary folder, every port a free one on loopback; no mail leaves the
machine: what is for `kept.test` is kept in a Maildir, everything else is discarded.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pki import TestPki

USERS = {
    "alice@good.test": "alice-pass-1",
    "bob@good.test": "bob-pass-2",
    "üser@good.test": "pässwörd",
}
_SASL = "-o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"
_OWN = "-o smtpd_sender_restrictions=reject_sender_login_mismatch"
_STARTTLS = "-o smtpd_tls_security_level=encrypt"
_IMPLICIT = "-o smtpd_tls_wrappermode=yes"
SERVICES = {
    "submission": f"{_STARTTLS} {_SASL} {_OWN}",
    "submissions": f"{_IMPLICIT} {_SASL} {_OWN}",
    "relay": "-o smtpd_tls_security_level=may",
    "clear-auth": f"-o smtpd_tls_security_level=none {_SASL} -o smtpd_tls_auth_only=no",
    "broken-tls": "-o smtpd_tls_security_level=may -o smtpd_tls_chain_files="
    " -o smtpd_tls_cert_file={folder}/none.pem -o smtpd_tls_key_file={folder}/none.pem",
    "broken-sasl": f"{_STARTTLS} {_SASL} -o smtpd_sasl_path=inet:127.0.0.1:9",
    "client-certificate": f"{_STARTTLS} -o smtpd_tls_req_ccert=yes {_SASL}",
    "small": f"{_STARTTLS} {_SASL} -o message_size_limit=100",
    "greylisting": f"{_STARTTLS} -o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=defer",
    "weak-tls": f"-o smtpd_tls_security_level=may {_SASL} -o smtpd_tls_protocols=>=TLSv1"
    " -o smtpd_tls_ciphers=low -o tls_low_cipherlist=ALL:COMPLEMENTOFALL:@SECLEVEL=0"
    " -o smtpd_tls_auth_only=no -o tls_eecdh_auto_curves=X25519,prime256v1,prime192v1",
    "old-tls": f"{_STARTTLS} {_SASL} -o smtpd_tls_mandatory_protocols=>=TLSv1,<=TLSv1.1"
    " -o smtpd_tls_mandatory_ciphers=low -o tls_low_cipherlist=ALL:@SECLEVEL=0",
    "strict-tls": f"{_STARTTLS} {_SASL} -o smtpd_tls_mandatory_protocols=>=TLSv1.2"
    " -o smtpd_tls_mandatory_ciphers=high -o smtpd_tls_exclude_ciphers=aNULL"
    " -o tls_high_cipherlist=HIGH:@SECLEVEL=2",
    "bare": f"{_STARTTLS} {_SASL} -o smtpd_discard_ehlo_keywords=8bitmime,smtputf8,chunking,dsn",
    "rationed": f"{_STARTTLS} {_SASL} -o smtpd_client_message_rate_limit=3",
    "strict-helo": "-o smtpd_tls_security_level=may"
    " -o smtpd_helo_restrictions=reject_non_fqdn_helo_hostname"
    " -o smtpd_delay_reject=no",
}
CERTIFICATES = ("expired", "wrong-name", "self-signed", "unknown-ca", "no-intermediate")
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = {folder}/etc
myhostname = mail.example.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.255.255.255/32
inet_interfaces = {interfaces}
inet_protocols = ipv4
virtual_mailbox_domains = good.test, sink.test, kept.test
virtual_mailbox_maps = inline:{{ alice@good.test=a/, bob@good.test=b/, x@sink.test=x/,
  me@kept.test=kept/, jörg@kept.test=kept/ }}
transport_maps = inline:{{ kept.test=virtual: }}
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
virtual_transport = discard:
default_transport = discard:
relay_transport = discard:
notify_classes =
smtpd_tls_chain_files = {good}
smtpd_tls_CAfile = {ca}
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_sasl_security_options = noanonymous
smtpd_sender_login_maps = inline:{{
  alice@good.test=alice@good.test, bob@good.test=bob@good.test }}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_helo_required = yes
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
"""
_MASTER = """
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
smtp-socket unix n - n - - smtpd {sockets}
smtps-socket unix n - n - - smtpd -o smtpd_tls_wrappermode=yes {sockets}
"""
_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols =
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0 secs
auth_username_chars =
passdb {{
  driver = passwd-file
  args = username_format=%Lu {folder}/users
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {sasl}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class MailLab:
    """Where the servers listen, by the name of the service."""

    ports: dict[str, int]
    log: Path
    kept: Path
    """A Maildir: what came for `kept.test`."""


def ready() -> None:
    """Skips the test where the servers are not installed or may not be run."""
    missing = [each for each in ("postfix", "dovecot") if not program(each)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (packages postfix, dovecot-core)")
    if os.geteuid() != 0:
        pytest.skip("Postfix is run by root only")


@contextmanager
def mail_lab(
    folder: Path,
    pki: TestPki,
    *,
    listen: str = "127.0.0.1",
    dovecot: str = "",
    postfix: str = "",
) -> Iterator[MailLab]:
    """Starts Dovecot's auth and Postfix, waits until they listen, stops them. `listen`: the
    address of Postfix, or `0.0.0.0` where the network is the caller's own. `dovecot` and
    `postfix`: settings of dovecot.conf and main.cf that win over the usual ones."""
    ready()
    folder.chmod(0o755)
    names = [*SERVICES, *CERTIFICATES]
    sasl, *free = free_ports(len(names) + 1)
    ports = dict(zip(names, free, strict=True))
    (folder / "users").write_text("".join(f"{u}:{{PLAIN}}{p}::::::\n" for u, p in USERS.items()))
    (folder / "dovecot.conf").write_text(_DOVECOT.format(folder=folder, sasl=sasl) + dovecot)
    _write_postfix(folder, pki, ports, sasl, listen)
    with (folder / "etc/main.cf").open("a") as main:
        main.write(postfix)
    with run_dovecot(folder, sasl), _postfix(folder, [*ports.values()]):
        yield MailLab(ports, folder / "mail.log", folder / "mail" / "kept")


def _write_postfix(
    folder: Path, pki: TestPki, ports: dict[str, int], sasl: int, listen: str
) -> None:
    etc = folder / "etc"
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", 65534, 65534)
    for name in ("postfix-files", "dynamicmaps.cf"):
        if Path("/etc/postfix", name).exists():
            shutil.copy(Path("/etc/postfix", name), etc)
    for name in ("postfix-files.d", "dynamicmaps.cf.d"):
        if Path("/etc/postfix", name).exists():
            shutil.copytree(Path("/etc/postfix", name), etc / name)
    files = {kind: _key_and_chain(folder, pki, kind) for kind in ("good", *CERTIFICATES)}
    (etc / "main.cf").write_text(
        _MAIN.format(
            folder=folder,
            good=files["good"],
            ca=pki.ca_file,
            sasl=sasl,
            interfaces="all" if listen == "0.0.0.0" else listen,
        )
    )
    services = {name: options.format(folder=folder) for name, options in SERVICES.items()}
    for kind in CERTIFICATES:
        services[kind] = f"{_STARTTLS} {_SASL} -o smtpd_tls_chain_files={files[kind]}"
    (etc / "master.cf").write_text(
        "".join(
            f"{listen}:{ports[name]} inet n - n - - smtpd -o syslog_name=postfix/{name} {options}\n"
            for name, options in services.items()
        )
        + _MASTER.format(sockets=f"-o smtpd_tls_security_level=may {_SASL}")
    )


def _key_and_chain(folder: Path, pki: TestPki, kind: str) -> Path:
    """One file with key and chain, as Postfix reads it."""
    issued = pki.issue(kind)
    path = folder / f"{kind}.pem"
    path.touch(mode=0o600)
    path.write_bytes(issued.key + issued.chain)
    return path


@contextmanager
def run_dovecot(folder: Path, port: int) -> Iterator[None]:
    """Runs Dovecot with the configuration in the folder; begins when it listens on the port."""
    argv = [program("dovecot"), "-F", "-c", str(folder / "dovecot.conf")]
    with (folder / "dovecot.out").open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            wait_until_listening([port], folder / "dovecot.out")
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


@contextmanager
def _postfix(folder: Path, ports: list[int]) -> Iterator[None]:
    postfix = [program("postfix"), "-c", str(folder / "etc")]
    done = subprocess.run([*postfix, "start"], capture_output=True, text=True, check=False)
    log = folder / "mail.log"
    try:
        assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")
        wait_until_listening(ports, log)
        yield
    finally:
        subprocess.run([*postfix, "abort"], capture_output=True, check=False)


def wait_until_listening(ports: list[int], log: Path) -> None:
    """Returns when every port takes connections; fails with what the log tells."""
    end = time.monotonic() + 20
    left = list(ports)
    while left:
        if time.monotonic() > end:
            told = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"nothing listens on {left}:\n{told}")
        try:
            socket.create_connection(("127.0.0.1", left[0]), 1).close()
            left.pop(0)
        except OSError:
            time.sleep(0.05)


def program(name: str) -> str:
    """The path of a program, those of the system included; empty where it is not installed."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") or ""


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
