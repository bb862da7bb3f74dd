"""What DNS says of a name, from servers that say all kinds of things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import dns.message
import pytest

from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.resolve_config import ResolverConfig, parse_resolver
from smtpcheck.probe.resolve_lookup import Lookup, look_up
from smtpcheck.probe.resolve_name import HostName, ResolvedAddress, read_host
from tests.probe.dns_server import DnsServer, Handler, Query, serving, swallow, zone

SOA = "example. 60 IN SOA ns.example. root.example. 1 2 3 4 5"


def asked(
    handler: Handler,
    host: str = "mx.example",
    family: str = "any",
    *,
    search: tuple[str, ...] = (),
    ndots: int = 1,
) -> tuple[Lookup, DnsServer]:
    with serving(handler) as server:
        config = ResolverConfig(
            servers=(parse_resolver(server.where),),
            search=search,
            ndots=ndots,
            timeout=0.3,
            attempts=1,
        )
        name = read_host(host)
        assert isinstance(name, HostName)
        return look_up(name, family, config, Deadline(20)), server


def test_both_types_and_the_chain_come_together() -> None:
    found, server = asked(
        zone(
            [
                "mx.example. 3600 IN CNAME b.example.",
                "b.example. 40 IN CNAME c.example.",
                "c.example. 300 IN A 192.0.2.1",
                "c.example. 20 IN AAAA 2001:db8::1",
            ]
        )
    )
    assert found == Lookup(
        name="mx.example",
        status="noerror",
        statuses={"A": "noerror", "AAAA": "noerror"},
        addresses=(
            ResolvedAddress("ipv4", "192.0.2.1"),
            ResolvedAddress("ipv6", "2001:db8::1"),
        ),
        cname=("b.example", "c.example"),
        ttl=20,
        server=server.where,
        servers=(server.where,),
        transport="udp",
    )
    assert len(server.asked) == 2


@pytest.mark.parametrize(("family", "kind"), [("ipv4", "A"), ("ipv6", "AAAA")])
def test_a_family_restricts_what_is_asked(family: str, kind: str) -> None:
    records = ["mx.example. 5 IN A 192.0.2.1", "mx.example. 5 IN AAAA 2001:db8::1"]
    found, server = asked(zone(records), family=family)
    assert [each[1] for each in server.asked] == [kind]
    assert [each.family for each in found.addresses] == [family]
    assert sorted(found.statuses.values()) == ["noerror", "not-asked"]


def test_a_mail_domain_is_told_from_an_empty_name() -> None:
    found, server = asked(zone(["mx.example. 5 IN MX 10 in.example."]))
    assert (found.status, found.mx) == ("nodata", True)
    assert [each[1] for each in server.asked] == ["A", "AAAA", "MX"]
    found, _ = asked(zone(['mx.example. 5 IN TXT "x"']))
    assert (found.status, found.mx) == ("nodata", False)
    found, _ = asked(zone(["mx.example. 5 IN MX 0 ."]))
    assert (found.status, found.mx) == ("nodata", False)


def test_the_other_family_is_looked_for_when_the_wanted_one_is_missing() -> None:
    records = ["mx.example. 5 IN A 192.0.2.1", "mx.example. 5 IN MX 1 mx.example."]
    found, _ = asked(zone(records), family="ipv6")
    assert found.status == "nodata"
    assert found.statuses == {"A": "noerror", "AAAA": "nodata"}
    assert found.addresses == ()
    assert not found.mx


def by_type(**answers: str) -> Handler:
    def answer(query: Query) -> dns.message.Message | None:
        said = answers.get(query.type, "SERVFAIL")
        if said == "silence":
            return None
        if said[0].isdigit():
            return query.reply(f"{query.name}. 60 IN {query.type} {said}")
        return query.reply(rcode=said)

    return answer


@pytest.mark.parametrize(
    ("a", "aaaa", "status"),
    [
        ("192.0.2.1", "SERVFAIL", "noerror"),
        ("192.0.2.1", "silence", "noerror"),
        ("192.0.2.1", "NXDOMAIN", "noerror"),
        ("NXDOMAIN", "silence", "nxdomain"),
        ("NOERROR", "silence", "timeout"),
        ("NOERROR", "REFUSED", "refused"),
        ("SERVFAIL", "silence", "servfail"),
        ("NOERROR", "NOERROR", "nodata"),
        ("silence", "silence", "timeout"),
    ],
)
def test_one_word_speaks_for_two_types(a: str, aaaa: str, status: str) -> None:
    found, _ = asked(by_type(A=a, AAAA=aaaa))
    assert found.status == status
    assert bool(found.addresses) == (status == "noerror")


def test_an_alias_of_nothing_is_dangling() -> None:
    found, _ = asked(zone(["mx.example. 5 IN CNAME gone.example."]))
    assert (found.status, found.cname, found.cname_state) == (
        "nxdomain",
        ("gone.example",),
        "dangling",
    )


def test_a_circle_is_found_when_the_server_shows_it() -> None:
    found, _ = asked(
        zone(["mx.example. 5 IN CNAME b.example.", "b.example. 5 IN CNAME mx.example."])
    )
    assert (found.status, found.cname_state) == ("servfail", "loop")


def test_a_circle_is_found_behind_a_failure() -> None:
    aliases = {"mx.example": "b.example", "b.example": "c.example", "c.example": "B.example"}

    def answer(query: Query) -> dns.message.Message:
        if query.type == "CNAME":
            return query.reply(f"{query.name}. 5 IN CNAME {aliases[query.name.lower()]}.")
        return query.reply(rcode="SERVFAIL", ede=[(22, "looping")])

    found, _ = asked(answer)
    assert (found.status, found.cname_state) == ("servfail", "loop")
    assert found.cname == ("b.example", "c.example", "B.example")
    assert found.ede_codes == (22,)


def test_a_failure_without_aliases_is_just_that() -> None:
    found, server = asked(by_type(A="SERVFAIL", AAAA="SERVFAIL"))
    assert (found.status, found.cname_state, found.cname) == ("servfail", "", ())
    assert [each[1] for each in server.asked] == ["A", "AAAA", "CNAME"]


def following(last: dict[str, str]) -> Handler:
    """A server that does not recurse: it knows the alias, and each further name on its own."""

    def answer(query: Query) -> dns.message.Message:
        known = last.get(query.name, "REFUSED")
        if known == "REFUSED":
            return query.reply(rcode="REFUSED", flags="QR RD")
        kind, value = known.split()
        if kind in ("CNAME", query.type):
            return query.reply(f"{query.name}. 60 IN {kind} {value}", flags="QR AA RD")
        return query.reply(flags="QR AA RD", authority=[SOA])

    return answer


def test_an_alias_is_followed_where_the_server_does_not() -> None:
    found, _ = asked(
        following(
            {"mx.example": "CNAME b.test.", "b.test": "CNAME c.test.", "c.test": "A 192.0.2.1"}
        )
    )
    assert found.status == "noerror"
    assert found.cname == ("b.test", "c.test")
    assert found.statuses == {"A": "noerror", "AAAA": "nodata"}
    assert found.ttl == 60


@pytest.mark.parametrize(
    ("aliases", "status", "state"),
    [
        ({"mx.example": "CNAME b.test."}, "refused", ""),
        ({"mx.example": "CNAME b.test.", "b.test": "CNAME mx.example."}, "servfail", "loop"),
        ({"mx.example": "CNAME ."}, "nodata", ""),
        ({"mx.example": "CNAME a\\.b.test."}, "nodata", ""),
        ({f"{n}.example": f"CNAME {n + 1}.example." for n in range(99)}, "nodata", ""),
    ],
)
def test_following_ends(aliases: dict[str, str], status: str, state: str) -> None:
    host = "0.example" if "0.example" in aliases else "mx.example"
    found, server = asked(following(aliases), host)
    assert (found.status, found.cname_state) == (status, state)
    assert len(server.asked) < 50


def names(server: DnsServer) -> list[str]:
    return list(dict.fromkeys(each[0] for each in server.asked))


def test_a_short_name_is_tried_with_the_search_domains_first() -> None:
    found, server = asked(
        zone(["mailhub.b.test. 5 IN A 192.0.2.1", "mailhub. 5 IN A 192.0.2.9"]),
        "mailhub",
        search=("a.test", "b.test"),
    )
    assert names(server) == ["mailhub.a.test", "mailhub.b.test"]
    assert (found.search, found.name) == ("mailhub.b.test", "mailhub.b.test")


@pytest.mark.parametrize(
    ("host", "ndots", "order"),
    [
        ("mailhub", 1, ["mailhub.a.test", "mailhub"]),
        ("mailhub.", 1, ["mailhub"]),
        ("mx.sub", 1, ["mx.sub", "mx.sub.a.test"]),
        ("mx.sub.", 1, ["mx.sub"]),
        ("mx.sub", 5, ["mx.sub.a.test", "mx.sub"]),
        ("mailhub", 0, ["mailhub", "mailhub.a.test"]),
    ],
)
def test_the_order_is_that_of_the_library(host: str, ndots: int, order: list[str]) -> None:
    found, server = asked(zone([]), host, search=("a.test", "bad domain"), ndots=ndots)
    assert names(server) == order
    assert (found.status, found.name) == ("nxdomain", host.rstrip("."))
    assert found.search == ""


def test_a_server_that_does_not_answer_ends_the_search() -> None:
    found, server = asked(swallow, "mailhub", search=("a.test", "b.test"))
    assert names(server) == ["mailhub.a.test"]
    assert found.status == "timeout"


def test_a_name_without_addresses_tells_more_than_one_that_is_not_there() -> None:
    found, _ = asked(zone(["mailhub.a.test. 5 IN MX 1 x.test."]), "mailhub", search=("a.test",))
    assert (found.status, found.search, found.mx) == ("nodata", "mailhub.a.test", True)


def test_several_servers_are_all_named() -> None:
    def fail(query: Query) -> dns.message.Message:
        return query.reply(rcode="SERVFAIL")

    servers: Sequence[DnsServer]
    with serving(fail) as one, serving(zone(["mx.example. 5 IN A 192.0.2.1"])) as two:
        servers = (one, two)
        config = replace(
            ResolverConfig(), servers=tuple(parse_resolver(each.where) for each in servers)
        )
        found = look_up(HostName("mx.example", absolute=False), "ipv4", config, Deadline(5))
    assert found.servers == (one.where, two.where)
    assert found.server == two.where
