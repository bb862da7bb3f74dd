"""Questions on their way: many at once, to servers that answer, stay silent, forge or cut short."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence

import dns.flags
import dns.message
import pytest

from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.resolve_config import NameServer, parse_resolver
from smtpcheck.probe.resolve_query import Asked, Pace, ask
from smtpcheck.probe.resolve_wire import Question
from tests.probe.dns_server import Query, serving, swallow, zone

A = Question("mx.example", "A")
AAAA = Question("mx.example", "AAAA")
RECORDS = ["mx.example. 300 IN A 192.0.2.1", "mx.example. 60 IN AAAA 2001:db8::1"]
QUICK = Pace(0.3, attempts=2)


def closed_port() -> NameServer:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return NameServer("127.0.0.1", sock.getsockname()[1])


def put(
    where: Sequence[str | NameServer], *questions: Question, pace: Pace = QUICK, seconds: float = 20
) -> dict[Question, Asked]:
    servers = [parse_resolver(each) if isinstance(each, str) else each for each in where]
    return ask(questions or (A, AAAA), servers, pace, Deadline(seconds))


def test_both_types_are_asked_before_either_is_answered() -> None:
    held: list[Query] = []

    def answer(query: Query) -> Sequence[bytes]:
        held.append(query)
        return []

    with serving(answer) as server:
        put([server.where], pace=Pace(0.2, attempts=1))
        assert [(each[1], each[2]) for each in server.asked] == [("A", "udp"), ("AAAA", "udp")]


def test_the_answers_name_their_server() -> None:
    with serving(zone(RECORDS)) as server:
        got = put([server.where])
    assert got[A].answer.values == ("192.0.2.1",)
    assert got[AAAA].answer.values == ("2001:db8::1",)
    assert {each.server for each in got.values()} == {server.where}
    assert {each.transport for each in got.values()} == {"udp"}


def test_the_next_server_helps_out() -> None:
    def refuse(query: Query) -> dns.message.Message:
        return query.reply(rcode="REFUSED")

    closed = closed_port()
    with serving(refuse) as first, serving(zone(RECORDS)) as second:
        got = put([closed, first.where, second.where])
    assert got[A].answer.values == ("192.0.2.1",)
    assert got[A].tried == (str(closed), first.where, second.where)
    assert got[A].server == second.where


def test_a_name_that_does_not_exist_is_not_asked_for_elsewhere() -> None:
    with serving(zone([])) as first, serving(zone(RECORDS)) as second:
        got = put([first.where, second.where])
    assert got[A].answer.status == "nxdomain"
    assert second.asked == []


@pytest.mark.parametrize("turned", [False, True])
def test_the_failure_that_tells_most_is_kept(turned: bool) -> None:
    def fail(query: Query) -> dns.message.Message:
        return query.reply(rcode="SERVFAIL")

    with serving(fail) as server, serving(swallow) as silent:
        servers: list[str | NameServer] = [closed_port(), server.where, silent.where]
        got = put(servers[::-1] if turned else servers, pace=Pace(0.2, attempts=1))
    assert got[A].answer.status == "servfail"
    assert got[A].server == server.where


def test_a_failing_server_is_asked_once_and_a_silent_one_again() -> None:
    def half(query: Query) -> dns.message.Message | None:
        return query.reply(rcode="SERVFAIL") if query.type == "A" else None

    with serving(half) as server:
        got = put([server.where])
        assert [each[1] for each in server.asked] == ["A", "AAAA", "AAAA"]
    assert (got[A].answer.status, got[AAAA].answer.status) == ("servfail", "timeout")


def test_a_lost_packet_is_sent_again() -> None:
    seen: list[str] = []

    def forgetful(query: Query) -> dns.message.Message | None:
        seen.append(query.type)
        return query.reply(RECORDS[0]) if seen.count("A") > 1 else None

    with serving(forgetful) as server:
        assert put([server.where], A)[A].answer.status == "noerror"


def test_an_answer_that_comes_late_still_counts() -> None:
    with serving(zone(RECORDS)) as server:

        def late(query: Query) -> dns.message.Message:
            time.sleep(0.5)
            return query.reply(RECORDS[0])

        with serving(late) as slow, serving(swallow) as silent:
            got = put([slow.where, silent.where], A, pace=Pace(0.2, attempts=2))
    assert got[A].server == slow.where
    assert server.asked == []


@pytest.mark.parametrize("attempts", [1, 2])
def test_silence_is_a_timeout_within_the_pace(attempts: int) -> None:
    begun = time.monotonic()
    with serving(swallow) as server:
        got = put([server.where], pace=Pace(0.2, attempts))
    assert time.monotonic() - begun < 0.2 * attempts + 1.5
    assert {each.answer.status for each in got.values()} == {"timeout"}
    assert got[A].server == ""
    assert got[A].tried == (server.where,)


def test_the_deadline_ends_everything() -> None:
    begun = time.monotonic()
    with serving(swallow) as server:
        got = put([server.where, closed_port()], pace=Pace(30, 5), seconds=0.3)
    assert time.monotonic() - begun < 2
    assert got[A].answer.status == "timeout"


def test_a_deadline_in_the_past_is_a_timeout() -> None:
    with serving(zone(RECORDS)) as server:
        assert put([server.where], seconds=0)[A].answer.status == "timeout"
        assert server.asked == []


def test_a_port_where_nobody_listens_is_unreachable_at_once() -> None:
    begun = time.monotonic()
    got = put([closed_port()], pace=Pace(5))
    assert time.monotonic() - begun < 1
    assert got[A].answer.status == "unreachable"
    assert got[A].answer.detail
    assert (got[A].server, got[A].transport) == ("", "")


def test_an_address_without_a_route_is_unreachable() -> None:
    got = put([NameServer("fe80::1%99999")], A)
    assert got[A].answer.status == "unreachable"


def test_forged_answers_are_passed_over() -> None:
    def forge(query: Query) -> list[bytes]:
        other = query.reply("mx.example. 1 IN A 192.0.2.66")
        other.id = (query.message.id + 1) % 65536
        foreign = Query(dns.message.make_query("evil.example", "A", id=query.message.id), "udp")
        return [
            b"short",
            other.to_wire(),
            foreign.reply("evil.example. 1 IN A 192.0.2.66").to_wire(),
            query.message.to_wire(),
            query.reply(RECORDS[0]).to_wire(),
        ]

    with serving(forge) as server:
        assert put([server.where], A)[A].answer.values == ("192.0.2.1",)


MANY = [f"mx.example. 300 IN A 192.0.2.{n}" for n in range(1, 200)]


def test_a_truncated_answer_is_asked_for_again_over_tcp() -> None:
    def answer(query: Query) -> dns.message.Message:
        made = query.reply(*(MANY if query.transport == "tcp" else ()))
        made.flags |= dns.flags.TC if query.transport == "udp" else 0
        return made

    with serving(answer) as server:
        got = put([server.where], A)
        assert [each[2] for each in server.asked] == ["udp", "tcp"]
    assert len(got[A].answer.values) == 199
    assert got[A].transport == "tcp"


def truncated(query: Query) -> dns.message.Message:
    made = query.reply(*RECORDS[:1])
    made.flags |= dns.flags.TC
    return made


def test_part_of_an_answer_is_better_than_none() -> None:
    with serving(truncated, tcp=False) as server:
        got = put([server.where], A)
    assert got[A].answer.values == ("192.0.2.1",)
    assert got[A].transport == "udp"


def test_nothing_over_udp_and_no_tcp_is_a_failure_that_says_so() -> None:
    def empty(query: Query) -> dns.message.Message:
        made = query.reply()
        made.flags |= dns.flags.TC
        return made

    with serving(empty, tcp=False) as server:
        got = put([server.where], A)
    assert got[A].answer.status == "unreachable"
    assert "over TCP" in got[A].answer.detail


@pytest.mark.parametrize("said", [[], [b""], [b"\0" * 40]])
def test_nonsense_over_tcp_is_no_answer(said: list[bytes]) -> None:
    def answer(query: Query) -> Sequence[bytes] | dns.message.Message:
        if query.transport == "tcp":
            return said
        made = query.reply()
        made.flags |= dns.flags.TC
        return made

    with serving(answer) as server:
        assert put([server.where], A)[A].answer.status in ("unreachable", "malformed")


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP"])
def test_a_server_without_edns_is_asked_without_it(rcode: str) -> None:
    def old(query: Query) -> dns.message.Message:
        if query.message.edns >= 0:
            return query.reply(rcode=rcode)
        return query.reply(RECORDS[0])

    with serving(old) as server:
        got = put([server.where], A)
        assert len(server.asked) == 2
    assert got[A].answer.values == ("192.0.2.1",)


def test_ipv6_servers_are_reached() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        server = NameServer("::1", sock.getsockname()[1])
        got = put([server], A, pace=Pace(0.2, attempts=1))
        data, _ = sock.recvfrom(512)
    assert dns.message.from_wire(data).question[0].name.to_text() == "mx.example."
    assert got[A].answer.status == "timeout"
    assert got[A].tried == (f"[::1]:{server.port}",)
