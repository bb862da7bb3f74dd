"""Whether the MX hosts can be reached over IPv4 and IPv6: what DNS says, and with a look at them
what port 25 says (RFC 5321 section 5.1, RFC 3974)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import doubtful, good, noted
from smtpcheck.model.domain import Check
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

_CALLED = {"ipv4": "IPv4", "ipv6": "IPv6"}


@dataclass(frozen=True, slots=True)
class Reached:
    """One MX host, tried over one family of addresses."""

    host: str
    family: str
    """`ipv4`, `ipv6`."""
    answers: bool
    """It greeted and took EHLO."""
    here: bool
    """This machine can use the family at all."""
    detail: str
    """Why it does not answer."""


def families(names: Names, host: str) -> tuple[str, ...]:
    """The families of which a host has addresses."""
    types = (("ipv4", "A"), ("ipv6", "AAAA"))
    return tuple(family for family, type_ in types if names.ask(host, type_).records)


def ipv6_check(names: Names, domain: str, hosts: Sequence[str]) -> Iterator[Check]:
    """One check for all hosts that have an address; IPv6 is a wish, IPv4 is what all senders
    have."""
    known = {host: found for host in hosts if (found := families(names, host))}
    if not known:
        return
    six = [host for host, found in known.items() if "ipv6" in found]
    facts: dict[str, Json] = {"domain": domain, "hosts": list(known), "with_ipv6": list(six)}
    if not any("ipv4" in found for found in known.values()):
        said = "no MX host has an IPv4 address: senders without IPv6 cannot deliver"
        yield doubtful("mx.ipv6", "mx-ipv6-only", said, **facts)
    elif not six:
        yield noted("mx.ipv6", "no MX host has an IPv6 address", **facts)
    else:
        yield good("mx.ipv6", f"{len(six)} of {len(known)} MX hosts have an IPv6 address", **facts)


def reach_checks(reached: Sequence[Reached]) -> Iterator[Check]:
    """One check for each host that was tried over both families."""
    for host in dict.fromkeys(each.host for each in reached):
        mine = {each.family: each for each in reached if each.host == host}
        if len(mine) > 1:
            yield _both(host, mine)


def _both(host: str, mine: Mapping[str, Reached]) -> Check:
    answering = [family for family, each in mine.items() if each.answers]
    facts: dict[str, Json] = {"host": host, "answers": list(answering)}
    if len(answering) == len(mine):
        return good("mx.reach", f"{host}: answers over IPv4 and IPv6", **facts)
    if not answering:
        return noted("mx.reach", f"{host}: answers over neither IPv4 nor IPv6 from here", **facts)
    silent = next(each for each in mine.values() if not each.answers)
    called = _CALLED[silent.family]
    if not silent.here:
        return noted("mx.reach", f"{host}: no {called} from here ({silent.detail})", **facts)
    said = f"{host}: answers over {_CALLED[answering[0]]} and not over {called}: {silent.detail}"
    more: dict[str, Json] = {"silent": called, "detail": silent.detail}
    return doubtful("mx.reach", "mx-family-dead", said, **facts, **more)
