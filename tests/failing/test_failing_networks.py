"""Names that lead nowhere and addresses that do not answer: each has its one true cause."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.message
import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.failing.case import Expected
from tests.failing.checking import assert_names, assert_nothing_is_wrong
from tests.lab.netns import Net, joined_namespaces
from tests.pki import TestPki
from tests.probe.dns_server import Handler, Query, serving, swallow, zone
from tests.scripted.probing import run
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

HOST = "mail.example.test"
_LONGEST = 4.0
_OF_THIS_MACHINE = ("dns-answers-differ", "dns-resolver-failing")
"""The machine's own resolver does not know the names that the tests make up."""


def answering(
    rcode: str, *records: str, ede: Sequence[tuple[int, str]] = (), flags: str = "QR RD RA"
) -> Handler:
    """A resolver that says this to everything."""

    def answer(query: Query) -> dns.message.Message:
        return query.reply(*records, rcode=rcode, ede=ede, flags=flags)

    return answer


def garbage(_query: Query) -> bytes:
    """A resolver that answers something else."""
    return b"\x00\x01garbage"


@dataclass(frozen=True, slots=True)
class Name:
    """A name, the resolver that is asked for it, and what must be said."""

    name: str
    handler: Handler
    expected: Expected
    host: str = HOST
    family: str = "any"


def _dns(cause: str, **more: Any) -> Expected:
    return Expected(exit=10, cause=cause, stage="dns", warnings=_OF_THIS_MACHINE, **more)


NAMES = [
    Name("not-found", zone([]), _dns("dns-name-not-found", help=("server.host",))),
    Name("short", zone([]), _dns("dns-name-not-found", help=("full",)), host="mailhost"),
    Name("private", zone([]), _dns("dns-name-not-found"), host="mail.corp.local"),
    Name("misspelt", zone([]), _dns("dns-name-not-found"), host="smtp.gmial.com"),
    Name("retired", zone([]), _dns("dns-name-not-found"), host="smtp.yourprovider.example"),
    Name(
        "great-provider-is-not-found",
        zone([]),
        _dns("dns-name-not-found", why=("spelt right",), owner="network-admin"),
        host="smtp.office365.com",
    ),
    Name("no-address", zone([f"{HOST}. 60 IN TXT x"]), _dns("dns-no-address")),
    Name(
        "only-mx",
        zone(["example.test. 60 IN MX 10 mx.example.test.", "mx.example.test. 60 IN A 127.0.0.1"]),
        _dns("dns-no-address", help=("server.host",)),
        host="example.test",
    ),
    Name(
        "only-ipv6-for-an-ipv4-profile",
        zone([f"{HOST}. 60 IN AAAA 2001:db8::1"]),
        _dns("dns-no-address", help=("address_family",), changes={"server.address_family": "any"}),
        family="ipv4",
    ),
    Name(
        "only-ipv4-for-an-ipv6-profile",
        zone([f"{HOST}. 60 IN A 192.0.2.1"]),
        _dns("dns-no-address", help=("address_family",), changes={"server.address_family": "any"}),
        family="ipv6",
    ),
    Name("servfail", answering("SERVFAIL"), _dns("dns-zone-broken", retryable=True)),
    Name(
        "bogus-signatures",
        answering("SERVFAIL", ede=[(6, "DNSSEC Bogus")]),
        _dns("dns-zone-broken", retryable=True, why=("DNSSEC",)),
    ),
    Name(
        "no-authority-reachable",
        answering("SERVFAIL", ede=[(22, "No Reachable Authority")]),
        _dns("dns-zone-broken", retryable=True),
    ),
    Name("refused", answering("REFUSED"), _dns("dns-resolver-failing", retryable=True)),
    Name("not-implemented", answering("NOTIMP"), _dns("dns-resolver-failing", retryable=True)),
    Name("format-error", answering("FORMERR"), _dns("dns-resolver-failing", retryable=True)),
    Name("garbage", garbage, _dns("dns-resolver-failing", retryable=True)),
    Name("silent", swallow, _dns("dns-resolver-failing", retryable=True)),
    Name(
        "alias-of-nothing",
        zone([f"{HOST}. 60 IN CNAME gone.example.test."]),
        _dns("dns-cname-broken", evidence=""),
    ),
    Name(
        "alias-without-address",
        zone([f"{HOST}. 60 IN CNAME to.example.test.", "to.example.test. 60 IN TXT x"]),
        _dns("dns-no-address"),
    ),
    Name(
        "alias-in-a-circle",
        answering(
            "NOERROR",
            f"{HOST}. 60 IN CNAME other.example.test.",
            f"other.example.test. 60 IN CNAME {HOST}.",
        ),
        _dns("dns-cname-broken"),
    ),
    Name(
        "alias-of-itself",
        answering("NOERROR", f"{HOST}. 60 IN CNAME {HOST}."),
        _dns("dns-cname-broken"),
    ),
]


def probed(
    pki: TestPki, port: int, host: str, *, resolver: str = "", **server: object
) -> TargetReport:
    """A probe of this host and port; fails where it takes too long."""
    began = time.monotonic()
    report = run(
        port,
        pki,
        settings={
            "server": {"host": host, "timeout": 0.6, **server},
            "tls": {"server_name": HOST},
        },
        plan=Plan(deadline=5.0, resolver=resolver),
    )
    assert time.monotonic() - began < _LONGEST
    return report


@pytest.mark.parametrize("case", NAMES, ids=lambda each: each.name)
def test_a_name_that_leads_nowhere_says_why(case: Name, pki: TestPki) -> None:
    with serving(case.handler) as resolver:
        report = probed(pki, 2525, case.host, resolver=resolver.where, address_family=case.family)
    assert_names(report, case.expected)


def test_a_resolver_that_is_not_there_is_the_cause(pki: TestPki) -> None:
    with closed_port(socket.SOCK_DGRAM) as port:
        report = probed(pki, 2525, HOST, resolver=f"127.0.0.1:{port}")
    assert_names(report, _dns("dns-resolver-failing", retryable=True))


@contextmanager
def closed_port(kind: int = socket.SOCK_STREAM) -> Iterator[int]:
    """A port at which nobody listens: held, so that nobody else gets it."""
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        if kind == socket.SOCK_DGRAM:
            held.close()
        yield port


def _tcp(cause: str, **more: Any) -> Expected:
    return Expected(exit=11, cause=cause, stage="tcp", warnings=_OF_THIS_MACHINE, **more)


@pytest.mark.parametrize(
    ("host", "helps"),
    [("127.0.0.1", ("server.port",)), ("localhost", ("container",)), (HOST, ("server.port",))],
)
def test_a_port_at_which_nobody_listens(pki: TestPki, host: str, helps: tuple[str, ...]) -> None:
    records = [f"{HOST}. 60 IN A 127.0.0.1"]
    with closed_port() as port, serving(zone(records)) as resolver:
        where = resolver.where if host == HOST else ""
        report = probed(pki, port, host, resolver=where)
    assert_names(report, _tcp("tcp-refused", help=helps))


def test_a_socket_that_is_not_there(pki: TestPki) -> None:
    report = run(
        0,
        pki,
        settings={
            "server": {"host": "", "port": 25, "socket": "/nonexistent/smtp", "security": "none"}
        },
        login=False,
    )
    assert_names(report, _tcp("tcp-socket-missing"))


def test_a_source_address_of_another_machine(pki: TestPki) -> None:
    with closed_port() as port:
        report = probed(pki, port, "127.0.0.1", source_address="192.0.2.99")
    assert_names(report, _tcp("tcp-source-address-unusable", help=("source_address",)))


def test_a_server_that_never_accepts(pki: TestPki) -> None:
    with socket.socket() as listener, contextlib.ExitStack() as open_:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            filling = open_.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(("127.0.0.1", port))
        report = probed(pki, port, "127.0.0.1")
    assert_names(report, _tcp("tcp-timeout-blocked", retryable=True))


@dataclass(frozen=True, slots=True)
class Path:
    """Where a name leads within the namespaces, and what must be said."""

    name: str
    addresses: Callable[[Net], Sequence[str]]
    expected: Expected
    settings: dict[str, str] = field(default_factory=dict)


PATHS = [
    Path("silent", lambda net: [net.silent4], _tcp("tcp-timeout-blocked", retryable=True)),
    Path(
        "silent-both", lambda net: [net.silent4, net.silent6],
        _tcp("tcp-timeout-blocked", retryable=True),
    ),
    Path("unreachable", lambda net: [net.unreachable4], _tcp("tcp-unreachable", retryable=True)),
    Path("no-route", lambda net: [net.lost4], _tcp("tcp-unreachable", retryable=True)),
    Path("prohibited", lambda net: [net.prohibited4], _tcp("tcp-local-denied")),
    Path("refused", lambda net: [net.server4], _tcp("tcp-refused")),
    Path("refused-both", lambda net: [net.server4, net.server6], _tcp("tcp-refused")),
    Path(
        "only-ipv6-without-a-route", lambda net: [net.lost6],
        _tcp("dns-no-address"),
    ),
    Path(
        "ipv6-forced-and-silent",
        lambda net: [net.silent6],
        _tcp("tcp-ipv6-broken", retryable=True, changes={"server.address_family": "any"}),
        {"address_family": "ipv6"},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with joined_namespaces() as made:
        yield made


@pytest.mark.lab
@pytest.mark.parametrize("case", PATHS, ids=lambda each: each.name)
def test_an_address_that_does_not_answer_says_why(case: Path, net: Net, pki: TestPki) -> None:
    records = [_record(each) for each in case.addresses(net)]

    def work() -> TargetReport:
        with serving(zone(records)) as resolver:
            return probed(pki, 2525, HOST, resolver=resolver.where, **case.settings)

    assert_names(net.on_client(work), case.expected)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("dead", "alive", "warning"),
    [
        ("silent6", "server4", "tcp-ipv6-broken"),
        ("lost6", "server4", "tcp-ipv6-broken"),
        ("unreachable6", "server4", "tcp-ipv6-broken"),
        ("silent4", "server6", "tcp-ipv4-broken"),
        ("silent4", "server4", "tcp-address-dead"),
    ],
)
def test_a_dead_address_beside_a_good_one_is_a_warning(
    net: Net, pki: TestPki, dead: str, alive: str, warning: str
) -> None:
    addresses = [getattr(net, dead), getattr(net, alive)]
    with net.on_server(
        lambda: ScriptedServer(read_script("good"), pki, hosts=(addresses[1],))
    ) as server:

        def work() -> TargetReport:
            with serving(zone([_record(each) for each in addresses])) as resolver:
                return probed(pki, server.port, HOST, resolver=resolver.where)

        report = net.on_client(work)
    mine = {each.cause for each in report.diagnoses} & {*_OF_THIS_MACHINE}
    assert_nothing_is_wrong(report, (warning, *mine))


def _record(address: str) -> str:
    kind = "AAAA" if ":" in address else "A"
    return f"{HOST}. 60 IN {kind} {address}"
