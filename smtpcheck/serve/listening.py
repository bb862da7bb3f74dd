"""Where the exporter listens."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.model.value import dataclass

_BACKLOG = 512
_HELP = "write HOST:PORT: 127.0.0.1:9587, [::1]:9587, or :9587 for every address"


@dataclass(frozen=True, slots=True)
class Place:
    """One value of `--listen`."""

    host: str
    """Empty: every address of this machine."""
    port: int
    """0: any free one."""


def parse_listen(text: str) -> Place:
    """The place that a text names. Raises UsageError."""
    host, colon, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise UsageError(f"--listen {text!r} is not HOST:PORT", ["an IPv6 address has brackets"])
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise UsageError(f"--listen {text!r} is not HOST:PORT", [_HELP])
    return Place(host, int(port))


def listen(places: Sequence[Place]) -> list[socket.socket]:
    """A listening socket for each address of each place. Raises UsageError."""
    made: list[socket.socket] = []
    try:
        for place in places:
            made += _at(place)
    except (OSError, UnicodeError) as error:  # the latter: a name that IDNA cannot write
        for each in made:
            each.close()
        where = f"{place.host}:{place.port}"
        why = (error.strerror or str(error)) if isinstance(error, OSError) else "this is no name"
        raise UsageError(
            f"cannot listen at {where}: {why}",
            ["choose another one: --listen 127.0.0.1:0 takes any free port"],
        ) from None
    return made


def is_loopback(sock: socket.socket) -> bool:
    """Whether nobody but this machine reaches it."""
    address = str(sock.getsockname()[0]).partition("%")[0]
    return ipaddress.ip_address(address).is_loopback


def url_of(sock: socket.socket, scheme: str) -> str:
    """The URL of a listening socket's root."""
    host, port = sock.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def _at(place: Place) -> list[socket.socket]:
    if not place.host:
        return [_everywhere(place.port)]
    found = socket.getaddrinfo(
        place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    addresses = dict.fromkeys((family, address) for family, _, _, _, address in found)
    return [_listening(family, address) for family, address in addresses]


def _everywhere(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return _listening(socket.AF_INET6, ("::", port), dual=True)
        except OSError:
            pass  # IPv6 is switched off on this machine
    return _listening(socket.AF_INET, ("0.0.0.0", port))  # noqa: S104 - asked for by name


def _listening(family: int, address: tuple[Any, ...], *, dual: bool = False) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_REUSEADDR"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual else 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
        sock.settimeout(0)
    except OSError:
        sock.close()
        raise
    return sock
