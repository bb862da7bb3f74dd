"""Whether the system and DNS give a name the same addresses, and if not, in which way."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

ROTATES = 300
"""Seconds of TTL up to which two answers to one question may well differ (round robin)."""


def difference(
    system: Collection[str], dns: Collection[str], hosts_file: Collection[str], ttl: int
) -> str:
    """The word of `dns.compare.difference`; empty when nothing speaks for a difference.

    One common address is agreement: servers hand out parts of a large set in turn.
    """
    if not system or not dns:
        return "system-only" if system else "dns-only" if dns else ""
    ours, theirs = set(system), set(dns)
    if ours <= set(hosts_file):
        return "" if ours <= theirs else "hosts-override"
    return "" if ours & theirs or _in_turn(ours, theirs, ttl) else "other-addresses"


def _in_turn(system: set[str], dns: set[str], ttl: int) -> bool:
    """Whether one large set, handed out in parts, explains two answers without overlap."""
    ours = [ipaddress.ip_address(each) for each in system]
    theirs = [ipaddress.ip_address(each) for each in dns]
    if {each.is_global for each in ours} != {each.is_global for each in theirs}:
        return False  # a private view of the name here, a public one there
    return ttl <= ROTATES or not {*map(_network, ours)}.isdisjoint(map(_network, theirs))


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The part that the addresses of one provider often share."""
    prefix = 16 if address.version == 4 else 32
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
