"""What the machine's own files say of name resolution: name servers, search domains, hosts."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from smtpcheck.model.errors import UsageError
from smtpcheck.model.value import dataclass

RESOLV_CONF = Path("/etc/resolv.conf")
HOSTS = (
    Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "drivers", "etc", "hosts")
    if sys.platform == "win32"
    else Path("/etc/hosts")
)
MAX_SERVERS = 3
"""How many name servers the C library uses; no other program asks more."""
_RESOLVER = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?\Z")


@dataclass(frozen=True, slots=True)
class NameServer:
    """Where a DNS server listens."""

    address: str
    """IPv4 or IPv6, perhaps with a scope (`fe80::1%eth0`)."""
    port: int = 53

    def __str__(self) -> str:
        bracketed = f"[{self.address}]" if ":" in self.address else self.address
        return f"{bracketed}:{self.port}"


@dataclass(frozen=True, slots=True)
class ResolverConfig:
    """How the system asks DNS. The defaults are those of the C library."""

    servers: tuple[NameServer, ...] = (NameServer("127.0.0.1"),)
    search: tuple[str, ...] = ()
    ndots: int = 1
    """A name with fewer dots is tried with the search domains first."""
    timeout: float = 5.0
    """Seconds that one try may take."""
    attempts: int = 2


def parse_resolver(text: str) -> NameServer:
    """The server that `--resolver` names: `IP`, `IP:port` or `[IPv6]:port`.

    Raises UsageError for anything else, host names included.
    """
    found = _RESOLVER.match(text)
    bracketed = found["v6"] if found else None
    bare = (found["v4"] if found else None) or text
    port = int(found["port"] or 53) if found else 53
    if _is_address(bracketed or bare, 6 if bracketed else 0) and 1 <= port <= 65535:
        return NameServer(bracketed or bare, port)
    raise UsageError(
        f"{text!r} is not the address of a DNS server",
        ["give an IP address, IP:port or [IPv6]:port, for example 192.0.2.53"],
    )


def system_config(path: Path = RESOLV_CONF) -> ResolverConfig:
    """The resolver's settings; the C library's defaults where there is no such file."""
    if sys.platform == "win32":
        return _windows_config()
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        text = ""
    return parse_resolv_conf(text, socket.gethostname())


def parse_resolv_conf(text: str, own_name: str = "") -> ResolverConfig:
    """Reads resolv.conf(5). Lines that say nothing usable are passed over, as the library does.

    `own_name`: where neither `search` nor `domain` stands, its domain is searched.
    """
    servers: list[NameServer] = []
    search = [own_name.partition(".")[2]]
    options: dict[str, int] = {}
    for line in text.splitlines():
        keyword, *values = line.split() or [""]
        if keyword == "nameserver" and values and _is_address(values[0]):
            servers.append(NameServer(values[0]))
        elif keyword in ("search", "domain") and values:
            search = values if keyword == "search" else values[:1]
        elif keyword == "options":
            options |= _options(values)
    return ResolverConfig(
        servers=tuple(servers[:MAX_SERVERS]) or ResolverConfig().servers,
        search=tuple(domain.strip(".") for domain in search if domain.strip(".")),
        ndots=min(options.get("ndots", 1), 15),
        timeout=float(min(max(options.get("timeout", 5), 1), 30)),
        attempts=min(max(options.get("attempts", 2), 1), 5),
    )


def _is_address(text: str, version: int = 0) -> bool:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return version in (0, found.version)


def _options(words: Iterable[str]) -> dict[str, int]:
    pairs = (word.partition(":") for word in words)
    return {name: int(n) for name, _, n in pairs if n.isascii() and n.isdigit() and len(n) < 6}


def _windows_config() -> ResolverConfig:
    """What the registry says; dnspython knows where to look."""
    import dns.exception
    import dns.resolver

    try:
        found = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return ResolverConfig()
    servers = [NameServer(each) for each in found.nameservers if isinstance(each, str)]
    search = [domain.to_text(omit_final_dot=True) for domain in found.search]
    return ResolverConfig(
        servers=tuple(servers[:MAX_SERVERS]) or ResolverConfig().servers,
        search=tuple(domain for domain in search if domain),
    )


def hosts_addresses(name: str, path: Path = HOSTS) -> tuple[str, ...]:
    """The addresses that the hosts file gives for a name, in order, each once."""
    try:
        data = path.read_bytes()
    except OSError:
        return ()
    wanted = name.rstrip(".").lower()
    if wanted.encode() not in data.lower():  # block lists make this file long
        return ()
    return tuple(dict.fromkeys(_listed(data.decode("utf-8", "replace"), wanted)))


def _listed(text: str, wanted: str) -> Iterator[str]:
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if wanted in (each.rstrip(".").lower() for each in names) and _is_address(address):
            yield str(ipaddress.ip_address(address))
