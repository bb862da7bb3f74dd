"""Real proxies for the tests: Dante, microsocks, Tinyproxy, Squid, each an instance of its own.

Every file is below one temporary folder, every port a free one on loopback. Dante asks the system
for users, so the login of SOCKS 5 is microsocks' part.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.lab.postfix import free_ports, program, wait_until_listening

USER, PASSWORD = "me", "canary-Pr0xy"
_DANTE = """
logoutput: stderr
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks block {{ from: 127.0.0.0/8 to: 127.0.0.1/32 port = {blocked} }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
"""
_TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 30
Allow 127.0.0.1
ConnectPort {allowed}
ConnectPort {closed}
"""
_SQUID = """
http_port 127.0.0.1:{port}
pid_filename {folder}/squid.pid
cache_log {folder}/cache.log
access_log none
cache deny all
coredump_dir {folder}
visible_hostname proxy.example.test
shutdown_lifetime 1 second
netdb_filename none
pinger_enable off
{auth}
acl allowed port {allowed} {closed}
http_access deny CONNECT !allowed
http_access {rule}
http_access deny all
"""
_BASIC = """
auth_param basic program {program} {folder}/passwords
auth_param basic children 1
auth_param basic realm lab
acl known proxy_auth REQUIRED
"""
_NTLM = """
auth_param ntlm program {program}
auth_param ntlm children 2
acl known proxy_auth REQUIRED
"""
_DIGEST = """
auth_param digest program {program} {folder}/passwords
auth_param digest children 1
auth_param digest realm lab, with a comma
acl known proxy_auth REQUIRED
"""
_NEGOTIATE = """
auth_param negotiate program {program}
auth_param negotiate children 1
acl known proxy_auth REQUIRED
"""


@contextmanager
def dante(folder: Path, blocked: int) -> Iterator[int]:
    """SOCKS 4 and 5 without a login, with one port that its rules forbid; the port."""
    path = _needs("danted", "dante-server")
    [port] = free_ports(1)
    config = folder / "danted.conf"
    config.write_text(_DANTE.format(port=port, blocked=blocked))
    with _running([path, "-f", str(config)], folder / "danted.log", port):
        yield port


@contextmanager
def microsocks(folder: Path) -> Iterator[int]:
    """SOCKS 5 with user and password; the port."""
    path = _needs("microsocks", "microsocks")
    [port] = free_ports(1)
    argv = [path, "-i", "127.0.0.1", "-p", str(port), "-u", USER, "-P", PASSWORD]
    with _running(argv, folder / "microsocks.log", port):
        yield port


@contextmanager
def tinyproxy(folder: Path, allowed: int, closed: int, *, login: bool = False) -> Iterator[int]:
    """An HTTP proxy that lets CONNECT through to two ports; the port."""
    path = _needs("tinyproxy", "tinyproxy")
    [port] = free_ports(1)
    config = folder / f"tinyproxy-{port}.conf"
    text = _TINYPROXY.format(port=port, allowed=allowed, closed=closed)
    config.write_text(text + (f"BasicAuth {USER} {PASSWORD}\n" if login else ""))
    with _running([path, "-d", "-c", str(config)], folder / f"tinyproxy-{port}.log", port):
        yield port


@contextmanager
def squid(folder: Path, allowed: int, closed: int, scheme: str = "") -> Iterator[int]:
    """An HTTP proxy with the login `basic`, `ntlm` (whose helper believes any name), `digest`,
    `negotiate` or none, that lets CONNECT through to two ports; the port."""
    path = _needs("squid", "squid")
    [port] = free_ports(1)
    home = folder / f"squid-{port}"
    home.mkdir()
    home.chmod(0o777)  # Squid leaves root for a user of its own
    (home / "passwords").write_text(f"{USER}:{_crypted(PASSWORD)}\n")
    template, helper = {
        "": ("", ""),
        "basic": (_BASIC, "/usr/lib/squid/basic_ncsa_auth"),
        "ntlm": (_NTLM, "/usr/lib/squid/ntlm_fake_auth"),
        "digest": (_DIGEST, "/usr/lib/squid/digest_file_auth"),
        "negotiate": (_NEGOTIATE, "/usr/lib/squid/negotiate_wrapper_auth"),
    }[scheme]
    auth = template.format(program=helper, folder=home)
    config = home / "squid.conf"
    rule = "allow known" if scheme else "allow all"
    config.write_text(
        _SQUID.format(port=port, folder=home, auth=auth, allowed=allowed, closed=closed, rule=rule)
    )
    argv = [path, "-N", "-f", str(config), "-n", f"lab{port}"]
    with _running(argv, home / "out.log", port):
        yield port


def _crypted(password: str) -> str:
    """The MD5 form of htpasswd, which openssl writes on every system."""
    argv = ["openssl", "passwd", "-apr1", "-stdin"]
    done = subprocess.run(argv, input=password, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _needs(name: str, package: str) -> str:
    path = program(name)
    if not path:
        pytest.skip(f"not installed: {name} (package {package})")
    return path


@contextmanager
def _running(argv: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            wait_until_listening([port], log)
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()
