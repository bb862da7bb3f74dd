"""Where the proxy is, and what it is asked for: the server's name, or an address from here."""

from __future__ import annotations

from importlib.util import find_spec

from smtpcheck.model.errors import UsageError
from smtpcheck.model.profile import Profile, Proxy
from smtpcheck.model.value import dataclass
from smtpcheck.probe.connect import Peer
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.resolve_name import HostName, Literal, read_host
from smtpcheck.probe.resolve_system import Found, SystemLookup

_MOST_AIMS = 4
"""Addresses of a server that a proxy is asked for, one after the other."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Why there is no address of the proxy."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Aim:
    """What the proxy is asked to connect to."""

    host: str
    """A name in ASCII form or an address."""
    resolved_by: str
    """`proxy`, `local` (the addresses that the stage dns found), or `literal`."""


def must_have_packages(proxy: Proxy) -> None:
    """Raises UsageError where a package that this kind of proxy needs is not installed."""
    needed = {"proxy": "h11"} if proxy.type == "http" else {}
    if proxy.type == "http" and proxy.domain:
        needed["ntlm"] = "spnego"
    lacking = [extra for extra, module in needed.items() if find_spec(module) is None]
    if lacking:
        what = "NTLM to a proxy" if lacking == ["ntlm"] else "an HTTP proxy"
        raise UsageError(
            f"{what} needs a package that is not installed",
            [f"install it: pip install 'smtpcheck[{','.join(lacking)}]'"],
        )


def resolves_here(profile: Profile, resolver: str) -> bool:
    """Whether the proxy has to be given an address: SOCKS 4 knows no names, and an address family
    or a DNS server that was asked for would mean nothing to a proxy that resolves by itself."""
    if profile.proxy is None:
        return True
    family = profile.server.address_family != "any"
    return profile.proxy.type == "socks4" or family or bool(resolver)


def peers_of(host: str, port: int, wait: Deadline) -> tuple[Peer, ...] | Lost:
    """The addresses of the proxy, as programs on this machine find them."""
    read = read_host(host)
    if isinstance(read, Literal):
        address = read.address
        return (Peer(address.family, address.address, port, address.scope),)
    if not isinstance(read, HostName):
        return Lost("not-found", f"{host}: {read.message}")
    answer = SystemLookup(read.asked, port, "any").answer(wait)
    if isinstance(answer, Found):
        return tuple(Peer(a.family, a.address, port, a.scope) for a in answer.addresses)
    symbol = f" ({answer.symbol})" if answer.symbol else ""
    return Lost("not-found", f"{host}: {answer.message}{symbol}")


def aims_of(profile: Profile, peers: tuple[Peer, ...], resolver: str) -> tuple[Aim, ...]:
    """What to ask the proxy for, in order; `peers` are what the stage dns found."""
    read = read_host(profile.server.host)
    if isinstance(read, Literal):
        return (Aim(read.address.address, "literal"),)
    if isinstance(read, HostName) and not resolves_here(profile, resolver):
        return (Aim(read.ascii, "proxy"),)
    return tuple(Aim(each.address, "local") for each in peers[:_MOST_AIMS])
