"""Real DNS servers for the tests: BIND with zones of all kinds, Unbound as a resolver before it.

Both run as instances of their own on loopback, with every file below one temporary folder.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SOA = "$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\n"
ZONES = {
    "good.test": """
mx        600 IN A 192.0.2.1
mx            IN AAAA 2001:db8::1
v4            IN A 192.0.2.4
v6            IN AAAA 2001:db8::6
under_score   IN A 192.0.2.5
alias         IN CNAME alias2
alias2     30 IN CNAME mx
away          IN CNAME host.other.test.
dangling      IN CNAME nothing
loop          IN CNAME loop2
loop2         IN CNAME loop
text          IN TXT "no address here"
@             IN MX 10 mx
mailonly      IN MX 10 mx
nullmx        IN MX 0 .
"""
    + "".join(f"many IN A 10.1.0.{n}\n" for n in range(1, 91)),  # more than fit into one datagram
    "other.test": "host IN A 192.0.2.7\n",
    "bogus.test": "mx IN A 192.0.2.66\n",
}
_NAMED = """
options {{
  directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; notify no; allow-transfer {{ none; }};
  pid-file "{folder}/named.pid"; lock-file none; session-keyfile "{folder}/session.key";
  check-names primary ignore;
}};
controls {{ }};
{zones}
zone "servfail.test" {{
  type secondary; primaries port 1 {{ 127.0.0.1; }}; file "{folder}/servfail.test";
}};
"""
_UNBOUND = """
server:
  directory: "{folder}"
  pidfile: ""
  username: ""
  chroot: ""
  use-syslog: no
  logfile: ""
  verbosity: 1
  num-threads: 1
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  module-config: "validator iterator"
  trust-anchor-file: "{folder}/anchors"
  ede: yes
  qname-minimisation: no
  local-zone: "test." nodefault
remote-control:
  control-enable: no
{stubs}
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{authority}
"""
_STUB = 'stub-zone:\n  name: "{name}"\n  stub-addr: 127.0.0.1@{port}\n'


@dataclass(frozen=True, slots=True)
class DnsLab:
    """Where the servers listen."""

    authority: int
    """BIND: authoritative, does not recurse."""
    recursor: int
    """Unbound: recurses, validates DNSSEC."""
    silent: int
    """Takes every packet and never answers."""


def ready() -> None:
    """Skips the test where the servers are not installed or may not be run."""
    missing = [
        each
        for each in ("named", "unbound", "dnssec-keygen", "dnssec-signzone")
        if not program(each)
    ]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (packages bind9, bind9-utils, unbound)")
    if os.geteuid() != 0:
        pytest.skip("the DNS servers are run by root only")


@contextmanager
def dns_lab(
    folder: Path, *, prefix: Sequence[str] = (), ports: tuple[int, int] | None = None
) -> Iterator[DnsLab]:
    """Starts the servers, waits until they serve, stops them. `prefix`: a command that runs
    another one elsewhere, for example in a network namespace."""
    ready()
    authority, recursor = ports or (free_port(), free_port())
    _write_zones(folder, authority)
    (folder / "unbound.conf").write_text(
        _UNBOUND.format(
            folder=folder,
            port=recursor,
            authority=authority,
            stubs="".join(
                _STUB.format(name=name, port=authority) for name in (*ZONES, "servfail.test")
            ),
        )
    )
    named = [program("named"), "-g", "-c", str(folder / "named.conf")]
    unbound = [program("unbound"), "-d", "-p", "-c", str(folder / "unbound.conf")]
    with ExitStack() as stack:
        log = folder / "named.log"
        stack.enter_context(running([*prefix, *named], log, "all zones loaded"))
        assert "not loaded due to errors" not in log.read_text(), log.read_text()
        stack.enter_context(
            running([*prefix, *unbound], folder / "unbound.log", "start of service")
        )
        silent = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        silent.bind(("127.0.0.1", 0))
        yield DnsLab(authority, recursor, silent.getsockname()[1])


def _write_zones(folder: Path, port: int) -> None:
    lines = []
    for name, records in ZONES.items():
        (folder / name).write_text(SOA + records)
        lines.append(f'zone "{name}" {{ type primary; file "{folder / name}"; }};')
    _sign_and_spoil(folder, "bogus.test")
    (folder / "named.conf").write_text(
        _NAMED.format(folder=folder, port=port, zones="\n".join(lines))
    )


def _sign_and_spoil(folder: Path, zone: str) -> None:
    """Signs the zone, then changes an address: its signature no longer holds (RFC 4035)."""

    def run(*argv: str) -> str:
        done = subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    key = run(program("dnssec-keygen"), "-a", "ECDSAP256SHA256", "-f", "KSK", zone)
    (folder / "anchors").write_text((folder / f"{key}.key").read_text())
    run(program("dnssec-signzone"), "-z", "-S", "-K", ".", "-o", zone, "-f", "signed", zone)
    signed = (folder / "signed").read_text()
    (folder / zone).write_text(signed.replace("192.0.2.66", "192.0.2.67"))


def program(name: str) -> str:
    """Where a server's program is; empty where it is not installed."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return found or ""


def free_port() -> int:
    """A port of 127.0.0.1 that is free for UDP and TCP."""
    for _ in range(20):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                continue
            port: int = udp.getsockname()[1]
            return port
    raise RuntimeError("no port is free for both UDP and TCP")


@contextmanager
def running(argv: Sequence[str], log: Path, word: str) -> Iterator[None]:
    """A server that has written the word, and is stopped at the end."""
    with log.open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            _until(lambda: word in log.read_text(errors="replace"), process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until(happened: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 15
    while not happened():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args!r} does not serve:\n{log.read_text()}")
        time.sleep(0.02)
