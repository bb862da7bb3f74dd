"""The dns stage against BIND and Unbound, and the C library against the same servers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.dns_stage import DnsRun, Sources, run_dns
from tests.lab.bind import DnsLab, dns_lab, ready
from tests.lab.netns import Net, joined_namespaces

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsLab]:
    with dns_lab(tmp_path_factory.mktemp("dns")) as running:
        yield running


def unknown(*_: object) -> list[Any]:
    """A system that knows no name: these names must not leave the machine."""
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


def probe(name: str, port: int, *, family: str = "any", timeout: float = 5.0) -> DnsRun:
    return run_dns(
        name,
        587,
        family=family,
        resolver=f"127.0.0.1:{port}",
        deadline=Deadline(30),
        timeout=timeout,
        started=lambda _: None,
        ended=lambda _: None,
        sources=Sources(getaddrinfo=unknown),
    )


def query(run: DnsRun) -> dict[str, Json]:
    return dict(next(step for step in run.steps if step.step == "dns.query").facts)


def expected(port: int, a: str, aaaa: str, **more: Json) -> dict[str, Json]:
    """All facts of `dns.query`: what is not named has its plainest value."""
    where = f"127.0.0.1:{port}"
    statuses = (a, aaaa)
    plain: dict[str, Json] = {
        "server": where,
        "servers": [where],
        "transport": "udp",
        "status": "noerror" if "noerror" in statuses else a,
        "a.status": a,
        "aaaa.status": aaaa,
        "addresses": [],
        "cname": [],
        "cname_state": "",
        "ede": [],
        "ede_codes": [],
        "mx": False,
        "search": "",
    }
    return plain | more


BOTH: dict[str, Json] = {"addresses": ["192.0.2.1", "2001:db8::1"]}
FOUND: list[tuple[str, str, str, dict[str, Json]]] = [
    ("mx.good.test", "noerror", "noerror", {**BOTH, "ttl": 300}),
    ("MX.good.test.", "noerror", "noerror", {**BOTH, "ttl": 300}),
    ("v4.good.test", "noerror", "nodata", {"addresses": ["192.0.2.4"], "ttl": 300}),
    ("v6.good.test", "nodata", "noerror", {"addresses": ["2001:db8::6"], "ttl": 300}),
    ("under_score.good.test", "noerror", "nodata", {"addresses": ["192.0.2.5"], "ttl": 300}),
    (
        "alias.good.test",
        "noerror",
        "noerror",
        {**BOTH, "ttl": 30, "cname": ["alias2.good.test", "mx.good.test"]},
    ),
    (
        "away.good.test",
        "noerror",
        "nodata",
        {"addresses": ["192.0.2.7"], "ttl": 300, "cname": ["host.other.test"]},
    ),
]
MISSING: list[tuple[str, str, dict[str, Json]]] = [
    ("nothing.good.test", "nxdomain", {}),
    (
        "dangling.good.test",
        "nxdomain",
        {"cname": ["nothing.good.test"], "cname_state": "dangling"},
    ),
    ("text.good.test", "nodata", {}),
    ("mailonly.good.test", "nodata", {"mx": True}),
    ("good.test", "nodata", {"mx": True}),
    ("nullmx.good.test", "nodata", {}),
    ("mx.servfail.test", "servfail", {}),
]


@pytest.fixture(params=["authority", "recursor"])
def port(request: pytest.FixtureRequest, lab: DnsLab) -> int:
    """BIND itself, and Unbound before it: the facts are the same."""
    number: int = getattr(lab, request.param)
    return number


@pytest.mark.parametrize(("name", "a", "aaaa", "more"), FOUND)
def test_addresses_are_found(
    port: int, name: str, a: str, aaaa: str, more: dict[str, Json]
) -> None:
    run = probe(name, port)
    facts = query(run)
    ttl = facts.pop("ttl")
    most = more["ttl"]
    assert isinstance(ttl, int)
    assert isinstance(most, int)
    assert most - 5 <= ttl <= most, "a resolver's cache counts down"
    wanted = {key: value for key, value in more.items() if key != "ttl"}
    assert facts == expected(port, a, aaaa, **wanted)
    assert sorted(each.address for each in run.addresses) == wanted["addresses"]
    assert not [step for step in run.steps if step.outcome is Outcome.FAILED]


@pytest.mark.parametrize(("name", "status", "more"), MISSING)
def test_what_is_missing_is_told_apart(
    port: int, name: str, status: str, more: dict[str, Json]
) -> None:
    run = probe(name, port)
    assert query(run) == expected(port, status, status, **more)
    assert [step.step for step in run.steps if step.outcome is Outcome.FAILED] == ["dns.query"]
    assert run.addresses == ()


def test_a_circle_of_aliases_is_a_loop(port: int) -> None:
    facts = query(probe("loop.good.test", port))
    assert facts["status"] == "servfail"
    assert facts["cname"] == ["loop2.good.test", "loop.good.test"]
    assert facts["cname_state"] == "loop"


def test_an_answer_too_large_for_udp_comes_over_tcp(port: int) -> None:
    run = probe("many.good.test", port)
    facts = query(run)
    assert facts["transport"] == "tcp"
    assert (facts["a.status"], facts["aaaa.status"]) == ("noerror", "nodata")
    assert len(run.addresses) == 90


def test_a_missing_family_is_told_from_a_missing_name(port: int) -> None:
    facts = query(probe("v4.good.test", port, family="ipv6"))
    assert facts == expected(port, "noerror", "nodata", status="nodata")


def test_a_signature_that_does_not_hold_is_a_failure_with_its_reason(lab: DnsLab) -> None:
    run = probe("mx.bogus.test", lab.recursor, family="ipv4")
    facts = query(run)
    assert (facts["status"], facts["a.status"]) == ("servfail", "servfail")
    assert facts["ede_codes"] == [6]
    assert "DNSSEC Bogus" in str(facts["ede"])
    step = next(step for step in run.steps if step.outcome is Outcome.FAILED)
    assert "DNSSEC Bogus" in step.summary
    assert query(probe("mx.bogus.test", lab.authority))["status"] == "noerror"


def test_a_server_asked_for_a_foreign_zone_refuses(lab: DnsLab) -> None:
    run = probe("mx.elsewhere.test", lab.authority)
    assert query(run) == expected(lab.authority, "refused", "refused")
    assert "refuses" in run.steps[-1].summary


def test_a_server_that_swallows_everything_is_a_timeout(lab: DnsLab) -> None:
    begun = time.monotonic()
    run = probe("mx.good.test", lab.silent, timeout=0.5)
    assert time.monotonic() - begun < 5
    facts = query(run)
    assert facts.pop("error.message")
    assert facts == expected(lab.silent, "timeout", "timeout", server="", transport="")


_ASK = """
import json, sys
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.dns_stage import run_dns
for name in sys.argv[1:]:
    run = run_dns(name, 587, family="any", resolver="", deadline=Deadline(30), timeout=20,
                  started=lambda _: None, ended=lambda _: None)
    steps = {step.step: {"outcome": step.outcome.value, **step.facts} for step in run.steps}
    print(json.dumps([steps, [each.address for each in run.addresses]]))
"""


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    ready()
    if not shutil.which("unshare"):
        pytest.skip("unshare is not installed (package util-linux)")
    with joined_namespaces() as made:
        yield made


@pytest.fixture(scope="module")
def machine(net: Net, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A machine whose resolver is the lab's, on port 53, where the C library looks for it."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\nsearch good.test\n")
    (folder / "hosts").write_text("127.0.0.1 localhost\n192.0.2.99 alias.good.test own.good.test\n")
    (folder / "nsswitch.conf").write_text("hosts: files dns\n")
    with dns_lab(folder, prefix=net.as_client(), ports=(54, 53)):
        yield folder


def as_libc_sees_it(net: Net, folder: Path, *names: str) -> list[tuple[dict[str, Any], list[str]]]:
    mounts = " && ".join(
        f"mount --bind {folder / name} /etc/{name}"
        for name in ("resolv.conf", "hosts", "nsswitch.conf")
    )
    argv = net.as_client("unshare", "-m", "sh", "-c", f'{mounts} && exec "$@"', "sh")
    done = subprocess.run(
        [*argv, sys.executable, "-c", _ASK, *names],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_the_c_library_and_dns_agree(net: Net, machine: Path) -> None:
    ((steps, addresses),) = as_libc_sees_it(net, machine, "mx.good.test")
    assert {step["outcome"] for step in steps.values()} == {"passed"}
    assert sorted(steps["dns.system"]["addresses"]) == ["192.0.2.1", "2001:db8::1"]
    assert steps["dns.system"]["canonical"] == "mx.good.test"
    assert steps["dns.query"]["server"] == "127.0.0.1:53"
    assert steps["dns.compare"]["difference"] == ""
    assert addresses == steps["dns.system"]["addresses"]


@pytest.mark.parametrize(
    ("name", "kind", "symbol", "status"),
    [
        ("nothing.good.test.", "not-found", "EAI_NONAME", "nxdomain"),
        ("text.good.test.", "no-address", "EAI_NODATA", "nodata"),
        ("mx.servfail.test.", "try-again", "EAI_AGAIN", "servfail"),
    ],
)
def test_the_c_library_says_it_in_its_words(
    net: Net, machine: Path, name: str, kind: str, symbol: str, status: str
) -> None:
    ((steps, addresses),) = as_libc_sees_it(net, machine, name)
    assert steps["dns.system"]["error.kind"] == kind
    assert steps["dns.system"]["error.symbol"] == symbol
    assert steps["dns.system"]["outcome"] == "warned"
    assert steps["dns.query"]["status"] == status
    assert steps["dns.query"]["outcome"] == "failed"
    assert addresses == []


def test_the_hosts_file_overrides_dns(net: Net, machine: Path) -> None:
    ((steps, addresses),) = as_libc_sees_it(net, machine, "alias.good.test")
    assert steps["dns.system"]["hosts_file"] == ["192.0.2.99"]
    assert steps["dns.compare"]["difference"] == "hosts-override"
    assert steps["dns.compare"]["outcome"] == "warned"
    assert addresses == ["192.0.2.99"]


def test_a_short_name_is_searched_as_the_c_library_does(net: Net, machine: Path) -> None:
    ((steps, addresses),) = as_libc_sees_it(net, machine, "v4")
    assert steps["dns.system"]["addresses"] == ["192.0.2.4"]
    assert steps["dns.query"]["search"] == "v4.good.test"
    assert steps["dns.compare"]["difference"] == ""
    assert addresses == ["192.0.2.4"]


def test_a_name_of_the_hosts_file_alone_is_the_machines_own(net: Net, machine: Path) -> None:
    ((steps, addresses),) = as_libc_sees_it(net, machine, "own.good.test")
    assert steps["dns.compare"]["difference"] == "system-only"
    assert addresses == ["192.0.2.99"]


def test_without_a_network_the_resolver_is_what_fails(net: Net, tmp_path: Path) -> None:
    for name, text in (
        ("resolv.conf", f"nameserver {net.unreachable4}\nnameserver {net.lost4}\n"),
        ("hosts", "127.0.0.1 localhost\n"),
        ("nsswitch.conf", "hosts: files dns\n"),
    ):
        (tmp_path / name).write_text(text)
    begun = time.monotonic()
    ((steps, _),) = as_libc_sees_it(net, tmp_path, "smtp.example.com")
    assert time.monotonic() - begun < 5
    assert steps["dns.system"]["outcome"] == "failed"
    assert steps["dns.system"]["error.kind"] == "try-again"
    assert steps["dns.query"]["outcome"] == "warned"
    assert steps["dns.query"]["status"] == "unreachable"


def test_a_firewall_that_drops_dns_ends_in_seconds(net: Net, tmp_path: Path) -> None:
    for name, text in (
        ("resolv.conf", f"nameserver {net.silent4}\noptions timeout:1 attempts:2\n"),
        ("hosts", "127.0.0.1 localhost\n"),
        ("nsswitch.conf", "hosts: files dns\n"),
    ):
        (tmp_path / name).write_text(text)
    begun = time.monotonic()
    ((steps, _),) = as_libc_sees_it(net, tmp_path, "smtp.example.com")
    assert time.monotonic() - begun < 10
    assert steps["dns.system"]["outcome"] == "failed"
    assert steps["dns.system"]["error.kind"] == "try-again"
    assert steps["dns.query"]["status"] == "timeout"
