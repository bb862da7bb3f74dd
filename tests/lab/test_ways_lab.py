"""Ways to a server through networks of one's own: pings, proxies, and settings together."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.probe import proxy_aim
from smtpcheck.probe.resolve_name import ResolvedAddress
from smtpcheck.probe.resolve_system import Found
from smtpcheck.store.profile_reader import profile_from_settings
from tests.lab.netns import Net, joined_namespaces
from tests.scripted.probing import cause, passed, shown, step
from tests.scripted.proxies import ScriptedProxy, socks5
from tests.scripted.server import ScriptedServer

pytestmark = pytest.mark.lab
GOOD = "S: 220 mail.example.test\nC: EHLO\nS: 250 mail.example.test"
CANARY = "canary-Pr0xy"


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with joined_namespaces() as made:
        yield made


@pytest.fixture(scope="module")
def server(net: Net) -> Iterator[ScriptedServer]:
    """A server on both addresses of the other side, and on its loopback."""
    hosts = (net.server4, net.server6, "127.0.0.1")
    with net.on_server(lambda: ScriptedServer(GOOD, hosts=hosts, strict=False)) as made:
        yield made


@pytest.fixture
def pings_allowed(net: Net) -> None:
    """Lets every user of the client's side send pings, as Debian and others do."""
    allow = "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range"
    done = subprocess.run(net.as_client("sh", "-c", allow), capture_output=True, check=False)
    if done.returncode:
        pytest.skip("the kernel does not let the test change ping_group_range")


def run(net: Net, server: dict[str, Any], *, ping: bool = False, **tables: Any) -> TargetReport:
    settings = {"server": {"security": "none", "timeout": 1.5, **server}, **tables}
    loaded = profile_from_settings(settings, environment={})
    plan = Plan(until="ehlo", deadline=15.0, experiments=False, ping=ping)
    return net.on_client(lambda: probe(Job("lab", loaded, plan)))


def test_where_pings_are_not_allowed_the_step_says_so(net: Net, server: ScriptedServer) -> None:
    forbid = "echo 1 0 > /proc/sys/net/ipv4/ping_group_range"
    subprocess.run(net.as_client("sh", "-c", forbid), capture_output=True, check=False)
    report = run(net, {"host": net.server4, "port": server.port}, ping=True)
    assert passed(report), shown(report)
    assert step(report, "tcp.ping").outcome is Outcome.SKIPPED
    assert "does not allow it" in step(report, "tcp.ping").summary


@pytest.mark.usefixtures("pings_allowed")
@pytest.mark.parametrize(("place", "source"), [("server4", "client4"), ("server6", "client6")])
def test_a_ping_is_answered_over_both_families(
    net: Net, server: ScriptedServer, place: str, source: str
) -> None:
    where = {"host": getattr(net, place), "port": server.port}
    report = run(net, {**where, "source_address": getattr(net, source)}, ping=True)
    assert passed(report), shown(report)
    facts = step(report, "tcp.ping").facts
    assert (facts["sent"], facts["received"]) == (2, 2), facts
    rtt = facts["rtt_ms"]
    assert isinstance(rtt, float)
    assert rtt > 0


@pytest.mark.usefixtures("pings_allowed")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_ping_of_loopback_is_answered(net: Net, address: str) -> None:
    report = run(net, {"host": address, "port": 1}, ping=True)
    assert (report.exit_code, cause(report)) == (11, "tcp-refused")
    ping = step(report, "tcp.ping")
    assert (ping.outcome, ping.facts["received"]) == (Outcome.PASSED, 2)


@pytest.mark.usefixtures("pings_allowed")
@pytest.mark.parametrize("kind", ["unreachable", "prohibited", "lost"])
@pytest.mark.parametrize("family", ["4", "6"])
def test_a_ping_that_no_route_takes_is_told_as_not_sent(net: Net, kind: str, family: str) -> None:
    address = getattr(net, kind + family)
    report = run(net, {"host": address, "port": 25}, ping=True)
    wanted = "tcp-local-denied" if kind == "prohibited" else "tcp-unreachable"
    assert (report.exit_code, cause(report)) == (11, wanted), shown(report)
    ping = step(report, "tcp.ping")
    assert ping.outcome is Outcome.SKIPPED
    assert ping.summary == f"not sent: there is no way to {address}"


@pytest.mark.usefixtures("pings_allowed")
def test_a_ping_from_an_address_that_is_not_here_is_told_so(net: Net) -> None:
    where = {"host": net.server4, "port": 25, "source_address": "192.0.2.1"}
    report = run(net, where, ping=True)
    assert (report.exit_code, cause(report)) == (11, "tcp-source-address-unusable")
    assert "192.0.2.1" in step(report, "tcp.ping").summary
    assert "allow" not in step(report, "tcp.ping").summary


@pytest.mark.usefixtures("pings_allowed")
def test_a_ping_without_an_answer_changes_no_verdict(net: Net) -> None:
    report = run(net, {"host": net.silent4, "port": 25}, ping=True)
    assert (report.exit_code, cause(report)) == (11, "tcp-timeout-blocked")
    assert step(report, "tcp.ping").outcome is Outcome.PASSED
    assert step(report, "tcp.ping").facts["received"] == 0


def through(net: Net, port: int, host: str, server: dict[str, Any], **table: Any) -> TargetReport:
    proxy_table = {"type": "socks5", "host": host, "port": port, **table}
    return run(net, server, proxy=proxy_table)


@pytest.fixture(scope="module")
def proxy_port(net: Net, server: ScriptedServer) -> Iterator[int]:
    """A proxy with a login on the other side, on both of its addresses."""
    login = f"me:{CANARY}".encode()
    hosts = (net.server4, net.server6)
    with net.on_server(lambda: ScriptedProxy(socks5(server.port, login=login), hosts)) as met:
        yield met.port


LOGIN = {"username": "me", "password": {"env": "LAB_PROXY_PASSWORD"}}


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_PROXY_PASSWORD", CANARY)


def test_a_login_that_leaves_the_machine_in_clear_is_said(net: Net, proxy_port: int) -> None:
    report = through(net, proxy_port, net.server4, {"host": "mail.invalid", "port": 587}, **LOGIN)
    assert passed(report), shown(report)
    assert any("in clear" in note for note in report.notes)
    assert CANARY not in shown(report)


@pytest.mark.parametrize(
    ("dead", "alive"), [("silent6", "server4"), ("lost6", "server4"), ("silent4", "server6")]
)
def test_a_broken_address_family_on_the_way_to_the_proxy_is_no_failure(
    net: Net, proxy_port: int, monkeypatch: pytest.MonkeyPatch, dead: str, alive: str
) -> None:
    both = [getattr(net, dead), getattr(net, alive)]
    monkeypatch.setattr(proxy_aim, "SystemLookup", _knowing(both))
    report = through(
        net, proxy_port, "proxy.example", {"host": "mail.invalid", "port": 587}, **LOGIN
    )
    assert passed(report), shown(report)
    assert step(report, "tcp.proxy").facts["address"] == getattr(net, alive)


def _knowing(addresses: list[str]) -> Callable[..., Any]:
    """A resolver of the system that knows one host."""

    class Lookup:
        def __init__(self, *_: object) -> None:
            pass

        def answer(self, _wait: object) -> Found:
            found = (ResolvedAddress("ipv6" if ":" in a else "ipv4", a) for a in addresses)
            return Found(tuple(found), "", 0.1)

    return Lookup


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("silent4", "unreachable"), ("unreachable4", "unreachable"), ("prohibited4", "denied")],
)
def test_a_proxy_that_the_network_does_not_lead_to_is_told(
    net: Net, kind: str, wanted: str
) -> None:
    report = through(net, 1080, getattr(net, kind), {"host": "mail.invalid", "port": 587})
    assert (report.exit_code, cause(report)) == (11, "proxy-unreachable")
    error = step(report, "tcp.proxy").facts["error"]
    assert isinstance(error, dict)
    assert error["kind"] == wanted


@pytest.mark.parametrize(("family", "side"), [("ipv4", "4"), ("ipv6", "6")])
def test_source_address_family_and_name_hold_together(
    net: Net, server: ScriptedServer, family: str, side: str
) -> None:
    source = getattr(net, f"client{side}")
    before = len(server.connections)
    report = run(
        net,
        {
            "host": getattr(net, f"server{side}"),
            "port": server.port,
            "address_family": family,
            "source_address": source,
            "helo": "app01.example.com",
        },
    )
    assert passed(report), shown(report)
    facts = step(report, "tcp.connect").facts
    assert (facts["local"], facts["family"]) == (source, family)
    [connection] = server.connections[before:]
    assert connection.peer == source
    assert connection.lines[0] == "EHLO app01.example.com"


def test_source_address_and_name_hold_through_a_proxy(
    net: Net, server: ScriptedServer, proxy_port: int
) -> None:
    before = len(server.connections)
    where = {"host": "mail.invalid", "port": 587, "helo": "app01.example.com"}
    report = through(
        net, proxy_port, net.server6, {**where, "source_address": net.client6}, **LOGIN
    )
    assert passed(report), shown(report)
    assert step(report, "tcp.proxy").facts["local"] == net.client6
    [connection] = server.connections[before:]
    assert connection.lines[0] == "EHLO app01.example.com"
