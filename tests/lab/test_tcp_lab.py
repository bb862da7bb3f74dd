"""Connecting through networks that fail: what is told, in which order, and how long it takes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.store.profile_reader import profile_from_settings
from tests.lab.netns import Net, joined_namespaces
from tests.probe.dns_server import serving, zone
from tests.scripted.probing import passed, shown, step
from tests.scripted.server import ScriptedServer

pytestmark = pytest.mark.lab
NAME = "mail.example.test"
GOOD = """\
S: 220 mail.example.test ESMTP
C: EHLO
S: 250 mail.example.test
"""


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with joined_namespaces() as made:
        yield made


@pytest.fixture(scope="module")
def server(net: Net) -> Iterator[ScriptedServer]:
    """A server on both addresses of the other side."""
    made = net.on_server(
        lambda: ScriptedServer(GOOD, hosts=(net.server4, net.server6), strict=False)
    )
    with made:
        yield made


def probed(
    net: Net,
    *addresses: str,
    port: int,
    deadline: float = 20.0,
    **settings: Any,
) -> tuple[TargetReport, float]:
    """Probes a name that has these addresses, and the seconds that it took."""

    def work() -> tuple[TargetReport, float]:
        records = [f"{NAME}. 60 IN {'AAAA' if ':' in each else 'A'} {each}" for each in addresses]
        with serving(zone(records)) as resolver:
            tables: dict[str, Mapping[str, Any]] = {
                "server": {"host": NAME, "port": port, "security": "none", "timeout": 1.0}
                | settings
            }
            loaded = profile_from_settings(tables, environment={})
            plan = Plan(until="ehlo", deadline=deadline, resolver=resolver.where, experiments=False)
            began = time.monotonic()
            report = probe(Job(NAME, loaded, plan))
            return report, time.monotonic() - began

    return net.on_client(work)


def attempts(report: TargetReport) -> dict[str, tuple[str, str]]:
    """Address to outcome and error."""
    told = step(report, "tcp.connect").facts["attempts"]
    assert isinstance(told, list)
    return {each["address"]: (each["outcome"], each["error"]) for each in told}


def causes(report: TargetReport) -> list[str]:
    """Those of the tcp stage: the machine's own resolver does not know the name."""
    return [each.cause for each in report.diagnoses if each.stage == "tcp"]


def connect_ms(report: TargetReport) -> float:
    return step(report, "tcp.connect").elapsed_ms


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize(
    ("kind", "error", "cause"),
    [
        ("server", "refused", "tcp-refused"),
        ("silent", "timeout", "tcp-timeout"),
        ("unreachable", "unreachable", "tcp-unreachable|dns-no-address"),
        ("prohibited", "denied", "tcp-"),
        ("lost", "unreachable", "tcp-unreachable|dns-no-address"),
    ],
)
def test_each_failure_is_named_and_fails_for_good(
    net: Net, kind: str, family: str, error: str, cause: str
) -> None:
    address = getattr(net, kind + family)
    report, seconds = probed(net, address, port=9)
    assert report.exit_code == 11, shown(report)
    assert attempts(report) == {address: ("failed", error)}
    told = step(report, "tcp.connect").facts["error"]
    assert isinstance(told, dict)
    assert told["kind"] == error
    assert any(re.match(cause, each.cause) for each in report.diagnoses), report.diagnoses
    assert 0.9 < seconds < 2.5 if error == "timeout" else seconds < 1.5


def test_the_most_telling_of_different_failures_counts(net: Net) -> None:
    every = (net.server4, net.silent4, net.unreachable6, net.lost6)
    report, _ = probed(net, *every, port=9)
    told = step(report, "tcp.connect").facts["error"]
    assert isinstance(told, dict)
    assert told["kind"] == "refused"
    assert told["kinds"] == ["refused", "timeout", "unreachable"]
    assert set(attempts(report)) == set(every)


@pytest.mark.parametrize(("dead", "family"), [("silent6", "ipv6"), ("silent4", "ipv4")])
def test_a_silent_address_family_costs_a_moment_and_is_a_warning(
    net: Net, server: ScriptedServer, dead: str, family: str
) -> None:
    alive = net.server4 if family == "ipv6" else net.server6
    report, seconds = probed(net, getattr(net, dead), alive, port=server.port)
    assert passed(report), shown(report)
    connect = step(report, "tcp.connect")
    assert (connect.outcome, connect.facts["address"]) == ("warned", alive)
    assert connect.facts["dead_families"] == [family]
    assert connect_ms(report) < 450
    assert seconds < 2
    assert causes(report) == [f"tcp-{family}-broken"]


@pytest.mark.parametrize("dead", ["lost6", "unreachable6", "prohibited6", "lost4"])
def test_an_address_family_without_a_way_out_costs_nothing(
    net: Net, server: ScriptedServer, dead: str
) -> None:
    alive = net.server4 if dead.endswith("6") else net.server6
    report, _ = probed(net, getattr(net, dead), alive, port=server.port)
    assert passed(report), shown(report)
    assert step(report, "tcp.connect").outcome == "warned"
    assert connect_ms(report) < 150


def test_a_healthy_server_is_connected_to_at_every_address_and_used_at_one(
    net: Net, server: ScriptedServer
) -> None:
    before = len(server.connections)
    report, _ = probed(net, net.server4, net.server6, port=server.port)
    assert passed(report), shown(report)
    assert {outcome for outcome, _ in attempts(report).values()} == {"connected"}
    server.wait(2)
    spoken = [each for each in server.connections[before:] if each.lines]
    assert len(server.connections) - before == 2
    assert len(spoken) == 1
    assert causes(report) == []


@pytest.mark.parametrize(("wanted", "kept"), [("ipv4", "server4"), ("ipv6", "server6")])
def test_only_the_wanted_family_is_tried(
    net: Net, server: ScriptedServer, wanted: str, kept: str
) -> None:
    both = (net.server4, net.server6)
    report, _ = probed(net, *both, port=server.port, address_family=wanted)
    assert passed(report), shown(report)
    assert list(attempts(report)) == [getattr(net, kept)]


@pytest.mark.parametrize("source", ["client4", "client6"])
def test_a_source_address_decides_the_family(net: Net, server: ScriptedServer, source: str) -> None:
    local = getattr(net, source)
    report, _ = probed(net, net.server6, net.server4, port=server.port, source_address=local)
    assert passed(report), shown(report)
    assert step(report, "tcp.connect").facts["local"] == local
    assert ("::" in str(step(report, "tcp.connect").facts["address"])) == ("::" in local)


def test_a_source_address_that_reaches_no_address_is_our_fault(
    net: Net, server: ScriptedServer
) -> None:
    report, _ = probed(net, net.server4, port=server.port, source_address=net.client6)
    told = step(report, "tcp.connect").facts["error"]
    assert isinstance(told, dict)
    assert (report.exit_code, told["kind"]) == (11, "source-address")


def test_the_deadline_of_the_run_is_never_passed(net: Net) -> None:
    silent = [f"10.98.0.{n}" for n in range(20, 30)]
    report, seconds = probed(net, net.silent4, *silent, port=25, deadline=0.8, timeout=5.0)
    assert report.exit_code == 11
    assert seconds < 1.3


def test_the_timeout_bounds_each_address_and_they_are_tried_side_by_side(net: Net) -> None:
    report, seconds = probed(net, net.silent4, net.silent6, port=25, timeout=0.8)
    assert set(attempts(report).values()) == {("failed", "timeout")}
    assert 1.0 < seconds < 2.2
