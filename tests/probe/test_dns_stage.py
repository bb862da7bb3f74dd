"""The dns stage: which step fails, which addresses are used, how long it may take."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.message
import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Step
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.dns_stage import GRACE, DnsRun, ResolvedAddress
from tests.probe.dns_machine import UNKNOWN, GetAddrInfo, Machine, configured, failing, system
from tests.probe.dns_server import Handler, Query, serving, swallow, zone

RECORDS = ["mx.example. 300 IN A 192.0.2.1", "mx.example. 60 IN AAAA 2001:db8::1"]
V4, V6 = ResolvedAddress("ipv4", "192.0.2.1"), ResolvedAddress("ipv6", "2001:db8::1")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def outcomes(run: DnsRun) -> dict[str, str]:
    return {step.step: step.outcome.value for step in run.steps}


def facts(run: DnsRun, step: str) -> dict[str, Json]:
    return dict(next(each for each in run.steps if each.step == step).facts)


def failed(run: DnsRun) -> list[Step]:
    return [step for step in run.steps if step.outcome is Outcome.FAILED]


PLAIN = {"dns.name": "passed", "dns.system": "passed", "dns.query": "passed"}


def test_both_ways_agree(machine: Machine) -> None:
    with configured(zone(RECORDS), machine):
        run = machine.run(libc=system("2001:db8::1", "192.0.2.1"))
    assert outcomes(run) == {**PLAIN, "dns.compare": "passed"}
    assert run.addresses == (V6, V4)
    assert facts(run, "dns.system") == {
        "addresses": ["2001:db8::1", "192.0.2.1"],
        "hosts_file": [],
        "canonical": "mx.example",
    }
    query = facts(run, "dns.query")
    assert (query["status"], query["a.status"], query["aaaa.status"]) == ("noerror",) * 3
    assert query["ttl"] == 60
    assert facts(run, "dns.compare")["difference"] == ""
    assert machine.progress == [
        "started dns.name",
        "ended dns.name",
        "started dns.system",
        "started dns.query",
        "ended dns.system",
        "ended dns.query",
        "started dns.compare",
        "ended dns.compare",
    ]


def test_addresses_that_only_dns_has_come_last(machine: Machine) -> None:
    with configured(zone(RECORDS), machine):
        run = machine.run(libc=system("192.0.2.1"))
    assert run.addresses == (V4, V6)
    assert outcomes(run)["dns.compare"] == "passed"


def test_the_run_goes_on_with_dns_where_the_system_fails(machine: Machine) -> None:
    with configured(zone(RECORDS), machine):
        run = machine.run()
    assert outcomes(run) == {**PLAIN, "dns.system": "warned", "dns.compare": "warned"}
    assert facts(run, "dns.compare")["difference"] == "dns-only"
    assert set(run.addresses) == {V4, V6}


def test_a_hosts_file_that_overrides_dns_is_a_warning_and_is_obeyed(machine: Machine) -> None:
    machine.hosts.write_text("127.0.0.9 mx.example\n::9 mx.example\n")
    with configured(zone(RECORDS), machine):
        run = machine.run(libc=system("127.0.0.9"), family="ipv4")
    assert outcomes(run)["dns.compare"] == "warned"
    assert facts(run, "dns.compare") == {
        "difference": "hosts-override",
        "system": ["127.0.0.9"],
        "dns": ["192.0.2.1"],
    }
    assert facts(run, "dns.system")["hosts_file"] == ["127.0.0.9"]
    assert run.addresses == (ResolvedAddress("ipv4", "127.0.0.9"),)


def test_a_private_view_of_the_name_is_a_warning(machine: Machine) -> None:
    with configured(zone(["mx.example. 60 IN A 20.1.2.3"]), machine):
        run = machine.run(libc=system("10.0.0.1"))
    assert facts(run, "dns.compare")["difference"] == "other-addresses"
    assert [each.address for each in run.addresses] == ["10.0.0.1"]


def test_a_name_that_only_this_machine_knows_is_a_warning(machine: Machine) -> None:
    with configured(zone([]), machine):
        run = machine.run(libc=system("10.0.0.1"))
    assert outcomes(run)["dns.query"] == "warned"
    assert facts(run, "dns.compare")["difference"] == "system-only"
    assert not failed(run)


def answering(rcode: str) -> Handler:
    def answer(query: Query) -> dns.message.Message:
        return query.reply(rcode=rcode)

    return answer


@pytest.mark.parametrize(
    ("handler", "status", "step"),
    [
        (answering("NXDOMAIN"), "nxdomain", "dns.query"),
        (answering("NOERROR"), "nodata", "dns.query"),
        (answering("SERVFAIL"), "servfail", "dns.query"),
        (answering("REFUSED"), "refused", "dns.query"),
        (answering("FORMERR"), "malformed", "dns.query"),
        (swallow, "timeout", "dns.system"),
    ],
)
@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_AGAIN])
def test_exactly_one_step_fails_the_one_that_explains(
    machine: Machine,
    handler: Handler,
    status: str,
    step: str,
    code: int,
) -> None:
    with configured(handler, machine):
        run = machine.run(libc=failing(code))
    assert [each.step for each in failed(run)] == [step]
    assert facts(run, "dns.query")["status"] == status
    assert run.addresses == ()
    assert "dns.compare" not in outcomes(run)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("EAI_NONAME", "not-found"),
        ("EAI_NODATA", "no-address"),
        ("EAI_ADDRFAMILY", "no-address"),
        ("EAI_AGAIN", "try-again"),
        ("EAI_FAIL", "failed"),
        ("EAI_MEMORY", "failed"),
    ],
)
def test_the_reason_of_the_system_is_kept(machine: Machine, name: str, kind: str) -> None:
    code = getattr(socket, name, None)
    if code is None:
        pytest.skip(f"this system has no {name}")
    run = machine.run("localhost", libc=failing(code))
    assert facts(run, "dns.system") == {
        "addresses": [],
        "hosts_file": ["127.0.0.1"],
        "canonical": "",
        "error.kind": kind,
        "error.symbol": name,
        "error.message": "in the system's words",
        "error.errno": code,
    }


def test_a_system_that_hangs_is_left_behind(machine: Machine) -> None:
    let_go = threading.Event()

    def hang(*_: object) -> list[Any]:
        let_go.wait(10)
        return []

    begun = time.monotonic()
    with configured(zone(RECORDS), machine):
        run = machine.run(libc=hang)
    let_go.set()
    assert time.monotonic() - begun < 2
    assert outcomes(run)["dns.system"] == "warned"
    assert facts(run, "dns.system")["error.kind"] == "timeout"
    assert set(run.addresses) == {V4, V6}


def test_the_deadline_bounds_both(machine: Machine) -> None:
    let_go = threading.Event()

    def hang(*_: object) -> list[Any]:
        let_go.wait(10)
        return []

    begun = time.monotonic()
    with configured(swallow, machine):
        run = machine.run(libc=hang, deadline=Deadline(0.5), timeout=20.0)
    let_go.set()
    assert time.monotonic() - begun < 2
    assert [each.step for each in failed(run)] == ["dns.system"]
    assert facts(run, "dns.query")["status"] == "timeout"


def test_a_silent_dns_server_delays_no_machine_whose_system_answers(machine: Machine) -> None:
    machine.config = replace(machine.config, timeout=30.0)
    begun = time.monotonic()
    with configured(swallow, machine):
        run = machine.run(libc=system("192.0.2.1"), timeout=20.0)
    assert time.monotonic() - begun < GRACE + 1
    assert run.addresses == (V4,)


def test_a_silent_dns_server_is_a_warning_where_the_system_answers(machine: Machine) -> None:
    with configured(swallow, machine):
        run = machine.run(libc=system("192.0.2.1"))
    assert outcomes(run) == {**PLAIN, "dns.query": "warned"}
    assert run.addresses == (V4,)


def test_a_server_that_fails_for_one_type_is_a_warning(machine: Machine) -> None:
    def broken(query: Query) -> dns.message.Message:
        return query.reply(RECORDS[0]) if query.type == "A" else query.reply(rcode="SERVFAIL")

    with configured(broken, machine):
        run = machine.run(libc=system("192.0.2.1"))
    assert outcomes(run)["dns.query"] == "warned"
    assert facts(run, "dns.query")["aaaa.status"] == "servfail"


def test_a_full_name_that_exists_below_a_search_domain_only_is_a_warning(
    machine: Machine,
) -> None:
    with serving(zone(["mx.example.a.test. 5 IN A 192.0.2.1"])) as server:
        run = machine.run(libc=system("192.0.2.1"), resolver=server.where)
    assert outcomes(run)["dns.query"] == "warned"
    assert facts(run, "dns.query")["search"] == "mx.example.a.test"


def test_a_named_resolver_decides(machine: Machine) -> None:
    with serving(zone(RECORDS)) as server:
        run = machine.run(libc=system("10.0.0.1", "192.0.2.1"), resolver=server.where)
        assert run.addresses == (V4, V6)
        assert facts(run, "dns.query")["servers"] == [server.where]
        run = machine.run(libc=UNKNOWN, resolver=server.where, family="ipv6")
        assert run.addresses == (V6,)
        assert outcomes(run)["dns.system"] == "warned"


@pytest.mark.parametrize("libc", [system("10.0.0.1"), UNKNOWN])
def test_without_an_answer_of_the_named_resolver_there_is_none(
    machine: Machine, libc: GetAddrInfo
) -> None:
    with serving(zone([])) as server:
        run = machine.run(libc=libc, resolver=server.where)
    assert [each.step for each in failed(run)] == ["dns.query"]
    assert run.addresses == ()
    with serving(swallow) as server:
        run = machine.run(libc=libc, resolver=server.where)
    assert [each.step for each in failed(run)] == ["dns.query"]


def test_an_unusable_resolver_is_a_usage_error(machine: Machine) -> None:
    with pytest.raises(UsageError):
        machine.run(resolver="dns.example")
    assert machine.progress == []


def test_an_address_is_used_as_it_is(machine: Machine) -> None:
    run = machine.run("[2001:db8::1]", libc=failing(socket.EAI_FAIL))
    assert run.addresses == (V6,)
    assert outcomes(run) == {"dns.name": "passed"}
    assert facts(run, "dns.name") == {
        "name": "[2001:db8::1]",
        "ascii": "2001:db8::1",
        "literal": True,
        "special": "",
    }


def test_an_address_of_the_unwanted_family_fails(machine: Machine) -> None:
    run = machine.run("192.0.2.1", family="ipv6")
    assert run.addresses == ()
    assert [each.step for each in failed(run)] == ["dns.name"]
    assert facts(run, "dns.name")["error.kind"] == "no-address"


def test_a_malformed_name_is_not_looked_up(machine: Machine) -> None:
    run = machine.run("smtp.example.com:587")
    assert outcomes(run) == {"dns.name": "failed"}
    assert facts(run, "dns.name")["error.kind"] == "malformed"
    assert facts(run, "dns.name")["name"] == "smtp.example.com:587"


def test_localhost_is_asked_of_the_system_alone(machine: Machine) -> None:
    run = machine.run("localhost", libc=system("::1", "127.0.0.1"))
    assert outcomes(run) == {**PLAIN, "dns.query": "skipped"}
    assert facts(run, "dns.query")["status"] == "not-asked"
    assert facts(run, "dns.system")["hosts_file"] == ["127.0.0.1"]
    assert [each.address for each in run.addresses] == ["::1", "127.0.0.1"]
    run = machine.run("app.localhost")
    assert [each.step for each in failed(run)] == ["dns.system"]


def test_a_final_dot_reaches_the_system(machine: Machine) -> None:
    seen: list[object] = []

    def look(host: bytes, *_: object) -> list[Any]:
        seen.append(host)
        return []

    with serving(zone([])) as server:
        run = machine.run("mx.example.", libc=look, resolver=server.where)
        assert {each[0] for each in server.asked} == {"mx.example"}
    assert seen == [b"mx.example."]
    assert facts(run, "dns.name")["ascii"] == "mx.example"
    assert facts(run, "dns.system")["error.kind"] == "no-address"


def test_neither_localhost_nor_an_address_loads_dnspython() -> None:
    code = (
        "import sys\n"
        "from smtpcheck.probe.deadline import Deadline\n"
        "from smtpcheck.probe.dns_stage import run_dns\n"
        "for host in ('localhost', '192.0.2.1'):\n"
        "    run = run_dns(host, 25, family='any', resolver='', deadline=Deadline(9), timeout=5,\n"
        "        started=lambda _: None, ended=lambda _: None)\n"
        "    assert run.addresses, run\n"
        "print([name for name in ('dns', 'idna', 'ssl') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
