"""Whether a certificate is good for a name: RFC 9525, by subjectAltName alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def reference_name(host: str) -> str:
    """The name that SNI carries and the certificate must hold: without a trailing dot, brackets or
    an IPv6 zone, in lower case."""
    name = host.strip("[]").removesuffix(".").lower()
    address, _, zone = name.partition("%")
    return address if zone and as_address(address) else name


def as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def covers(names: Iterable[str], host: str) -> bool:
    """Whether any of a certificate's names stands for the host."""
    wanted = as_address(host)
    if wanted is not None:
        return any(as_address(name) == wanted for name in names)
    return any(_matches(name, host) for name in names)


def _matches(pattern: str, host: str) -> bool:
    pattern, host = pattern.lower().removesuffix("."), host.lower().removesuffix(".")
    if "*" not in pattern:
        return bool(host) and pattern == host
    # The wildcard is the whole left-most label and stands for exactly one (RFC 9525 section 6.3).
    # Two labels must follow: no CA may answer for all of a top-level domain, and OpenSSL agrees.
    star, _, parent = pattern.partition(".")
    label, _, rest = host.partition(".")
    return star == "*" and "*" not in parent and "." in parent and bool(label) and rest == parent
