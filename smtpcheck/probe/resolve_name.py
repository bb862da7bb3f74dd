"""What a host setting is: a name that DNS can be asked for, an address, or neither."""

from __future__ import annotations

import ipaddress
import re
import socket

from smtpcheck.model.value import dataclass

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)\Z")
_ODD = re.compile(r"[^A-Za-z0-9._-]")
MAX_NAME = 253
"""Longest name without its final dot, in characters (RFC 1035 section 2.3.4)."""


@dataclass(frozen=True, slots=True)
class ResolvedAddress:
    """One address of a host."""

    family: str
    """`ipv4` or `ipv6`."""
    address: str
    scope: int = 0
    """Index of the interface of a link-local IPv6 address, else 0 (RFC 4007)."""


@dataclass(frozen=True, slots=True)
class HostName:
    """A name in its ASCII form, without a final dot."""

    ascii: str
    absolute: bool
    """Written with a final dot: search domains do not apply."""

    @property
    def special(self) -> str:
        """`localhost` for the names that never leave the machine (RFC 6761 section 6.3)."""
        name = self.ascii.lower()
        return "localhost" if name == "localhost" or name.endswith(".localhost") else ""

    @property
    def asked(self) -> str:
        """The name as the system's resolver is to be asked for it."""
        return f"{self.ascii}." if self.absolute else self.ascii


@dataclass(frozen=True, slots=True)
class Literal:
    """An address instead of a name."""

    address: ResolvedAddress


@dataclass(frozen=True, slots=True)
class Malformed:
    """Neither a name nor an address."""

    message: str


Host = HostName | Literal | Malformed


def read_host(host: str) -> Host:
    """Tells names, addresses (also in brackets, with a scope) and anything else apart."""
    if not host:
        return Malformed("the host is empty")
    if host.startswith("[") and host.endswith("]"):
        inside = _literal(host[1:-1])
        return inside or Malformed("what stands in brackets is not an IPv6 address")
    return _literal(host) or _name(host)


def _literal(text: str) -> Literal | Malformed | None:
    bare, percent, scope = text.partition("%")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if address.version == 4:
        return Literal(ResolvedAddress("ipv4", str(address))) if not percent else None
    if not percent:
        return Literal(ResolvedAddress("ipv6", str(address)))
    index = _interface(scope)
    # In a URL the mark itself is encoded (RFC 6874); an interface that is called so comes first.
    if scope.startswith("25") and index not in (known for known, _ in socket.if_nameindex()):
        index = _interface(scope[2:]) or index
    if not index:
        return Malformed(f"this machine has no interface {scope!r}, which the address names")
    return Literal(ResolvedAddress("ipv6", str(address), index))


def _interface(scope: str) -> int:
    if scope.isascii() and scope.isdigit():
        return int(scope)
    try:
        return socket.if_nametoindex(scope)
    except (OSError, ValueError):
        return 0


def _name(host: str) -> HostName | Malformed:
    text = host
    if not text.isascii():
        converted = _to_ascii(text)
        if isinstance(converted, Malformed):
            return converted
        text = converted
    odd = _ODD.search(text)
    if odd:
        return Malformed(f"a host name cannot hold {odd[0]!r}")
    absolute = text.endswith(".")
    bare = text[:-1] if absolute else text
    labels = bare.split(".")
    if not all(labels):
        return Malformed("two dots side by side, a dot at the front, or nothing but a dot")
    long = next((label for label in labels if not _LABEL.match(label)), None)
    if long:
        return Malformed(f"the label {long[:20]}... has {len(long)} characters; 63 is the limit")
    if len(bare) > MAX_NAME:
        return Malformed(f"the name has {len(bare)} characters; {MAX_NAME} is the limit")
    if _NUMBER.match(labels[-1]):
        # No top-level domain is a number, but inet_aton takes 127.1 and 0x7f.1 for addresses.
        return Malformed("it looks like an IPv4 address, but is not four numbers from 0 to 255")
    return HostName(bare, absolute)


def _to_ascii(text: str) -> str | Malformed:
    """RFC 5891, with the mapping of UTS 46. Profiles hold the ASCII form already."""
    import idna

    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        return Malformed(f"not a usable international name: {error}")
