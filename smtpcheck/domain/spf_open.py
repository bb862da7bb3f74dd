"""Whether an SPF record lets everybody in, whatever it says of the rest at its end."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

from smtpcheck.domain.names import Names
from smtpcheck.domain.spf_record import Term
from smtpcheck.domain.spf_tree import Cost, Tree

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_ALL4 = ipaddress.IPv4Network("0.0.0.0/0")
_ALL6 = ipaddress.IPv6Network("2000::/3")
"""The addresses that are given out (RFC 4291 section 2.4)."""
_WIDE = 16
"""Parts of all addresses: what is smaller than one of them makes no record open."""


def lets_everybody(names: Names, tree: Tree) -> tuple[str, ...]:
    """The terms before the end by which half of all addresses of a family or more may send; empty
    where fewer may. What a term refuses is not subtracted."""
    passed = [(cost.term, list(_passed(names, tree.domain, cost))) for cost in _before_all(tree)]
    for all_ in (_ALL4, _ALL6):
        if _covered(all_, (each for _, networks in passed for each in networks)) * 2 < _size(all_):
            continue
        parts = [(term.text, _covered(all_, networks)) for term, networks in passed]
        alone = [text for text, covered in parts if covered * 2 >= _size(all_)]
        return tuple(alone or [text for text, covered in parts if covered * _WIDE >= _size(all_)])
    return ()


def _before_all(tree: Tree) -> Iterator[Cost]:
    return (cost for cost in tree.costs if cost.term.name != "all")


def _passed(names: Names, domain: str, cost: Cost) -> Iterator[Network]:
    """The networks that may send by one term."""
    term = cost.term
    if term.result != "pass" or term.has_macro:
        return
    target = term.value or domain
    if cost.below is not None:
        for each in cost.below.costs:
            yield from _passed(names, cost.below.domain, each)
    elif term.name in ("ip4", "ip6"):
        yield from _networks([term.value])
    elif term.name == "all" or (term.name == "exists" and names.ask(target, "A").records):
        yield from (_ALL4, _ALL6)
    elif term.name == "a":
        yield from _around(names, [target], term)
    elif term.name == "mx":
        found = names.ask(target, "MX").records if _is_wide(term) else ()
        hosts = [record.exchange.to_text(omit_final_dot=True) for record in found]
        yield from _around(names, hosts, term)


def _is_wide(term: Term) -> bool:
    """Whether its prefix is short enough that a few hosts stand for many addresses."""
    return term.prefix4 <= 8 or term.prefix6 <= 8


def _around(names: Names, hosts: Sequence[str], term: Term) -> Iterator[Network]:
    if _is_wide(term):
        for kind, prefix in (("A", term.prefix4), ("AAAA", term.prefix6)):
            found = [record for host in hosts for record in names.ask(host, kind).records]
            yield from _networks(f"{record.address}/{prefix}" for record in found)


def _networks(texts: Iterable[str]) -> Iterator[Network]:
    for text in texts:
        try:
            yield ipaddress.ip_network(text, strict=False)
        except ValueError:
            continue  # checkdmarc complains of it


def _covered(all_: Network, networks: Iterable[Network]) -> int:
    """How many addresses of a family the networks hold together."""
    if isinstance(all_, ipaddress.IPv4Network):
        fours = [each for each in networks if isinstance(each, ipaddress.IPv4Network)]
        return sum(_size(each) for each in ipaddress.collapse_addresses(fours))
    sixes = [each for each in networks if isinstance(each, ipaddress.IPv6Network)]
    within = [all_ if each.supernet_of(all_) else each for each in sixes if each.overlaps(all_)]
    return sum(_size(each) for each in ipaddress.collapse_addresses(within))


def _size(network: Network) -> int:
    return network.num_addresses
