"""Experiments that ask DNS another way, against a small server on loopback."""

from __future__ import annotations

import dns.flags
import dns.message
import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.store.profile_reader import profile_from_settings
from tests.pki import TestPki
from tests.probe.dns_server import DnsServer, Query, serving, swallow, zone
from tests.probe.test_experiments_ways import SUBMISSION, tried, verified
from tests.scripted import ScriptedServer
from tests.scripted.probing import cause, errors_of, shown


def asked(
    server: DnsServer, host: str, *, plan: Plan | None = None, **server_settings: object
) -> TargetReport:
    """A run up to dns that asks this server about the host."""
    loaded = profile_from_settings(
        {
            "server": {"host": host, "timeout": 0.5, **server_settings},
            "sender": {"address": "info@corp.test"},
        },
        environment={},
    )
    plan = plan or Plan(until="dns", resolver=server.where, deadline=8.0)
    return probe(Job(host, loaded, plan))


def test_a_mistyped_host_is_found_by_name_and_never_connected_to() -> None:
    with serving(zone(["smtp.gmail.com. 300 IN A 192.0.2.10"])) as server:
        report = asked(server, "smtp.gmial.com")
    assert cause(report) == "dns-name-not-found", shown(report)
    assert verified(report) == {"server.host": "smtp.gmail.com"}
    assert "smtp.gmail.com" in errors_of(report)[0].why
    assert all("connected" not in each.facts for each in report.observations.experiments)


def test_a_name_like_nothing_known_is_given_no_other() -> None:
    with serving(zone(["other.test. 300 IN A 192.0.2.10"])) as server:
        report = asked(server, "mail.corp.test")
        names = {name for name, _, _ in server.asked}
    assert verified(report) == {}
    assert "dns-similar" not in tried(report)
    assert names <= {
        "mail.corp.test",
        "_submissions._tcp.corp.test",
        "_submission._tcp.corp.test",
    } | {name for name in names if name.startswith("mail.corp.test.")}


def test_the_server_that_a_domain_names_itself_is_found() -> None:
    records = [
        "_submissions._tcp.corp.test. 300 IN SRV 0 1 465 mx7.corp.test.",
        "mx7.corp.test. 300 IN A 192.0.2.7",
    ]
    with serving(zone(records)) as server:
        report = asked(server, "smtp.corp.test")
    assert verified(report) == {"server.host": "mx7.corp.test"}
    assert tried(report)["dns-srv"].facts["port"] == 465


def test_a_service_that_a_domain_says_it_does_not_offer_is_not_proposed() -> None:
    records = ["_submission._tcp.corp.test. 300 IN SRV 0 0 0 ."]
    with serving(zone(records)) as server:
        report = asked(server, "smtp.corp.test")
    assert verified(report) == {}


def test_a_zone_that_is_well_without_validation_has_broken_signatures() -> None:
    def bogus(query: Query) -> dns.message.Message:
        if query.message.flags & dns.flags.CD:
            return query.reply("mail.corp.test. 60 IN A 192.0.2.7")
        return query.reply(rcode="SERVFAIL")

    with serving(bogus) as server:
        report = asked(server, "mail.corp.test")
    assert cause(report) == "dns-zone-broken", shown(report)
    assert errors_of(report)[0].confidence == "certain"
    assert "DNSSEC" in errors_of(report)[0].why


def test_a_zone_that_fails_without_validation_too_is_not_called_bogus() -> None:
    with serving(lambda query: query.reply(rcode="SERVFAIL")) as server:
        report = asked(server, "mail.corp.test")
    assert cause(report) == "dns-zone-broken"
    assert errors_of(report)[0].confidence == "likely"


def test_the_family_that_the_profile_forbids_is_found() -> None:
    with serving(zone(["mail.corp.test. 60 IN A 192.0.2.7"])) as server:
        report = asked(server, "mail.corp.test", address_family="ipv6")
    assert cause(report) == "dns-no-address", shown(report)
    assert verified(report) == {"server.address_family": "any"}


def test_a_resolver_that_says_nothing_does_not_hold_up_the_end() -> None:
    import time

    with serving(swallow) as server:
        began = time.monotonic()
        report = asked(
            server, "mail.corp.test", plan=Plan(until="dns", resolver=server.where, deadline=3.0)
        )
    assert time.monotonic() - began < 4
    assert cause(report) == "dns-resolver-failing"


@pytest.mark.parametrize("same", [True, False])
def test_a_host_of_the_certificate_is_used_only_on_the_same_machine(
    pki: TestPki, same: bool
) -> None:
    records = [
        "mail.corp.test. 60 IN A 127.0.0.1",
        f"mail.example.test. 60 IN A {'127.0.0.1' if same else '127.0.0.2'}",
    ]
    with (
        serving(zone(records)) as resolver,
        ScriptedServer(SUBMISSION, pki, strict=False) as server,
    ):
        loaded = profile_from_settings(
            {
                "server": {"host": "mail.corp.test", "port": server.port, "security": "starttls"},
                "tls": {"ca_file": str(pki.ca_file)},
            },
            environment={},
        )
        plan = Plan(until="ehlo", resolver=resolver.where, deadline=8.0)
        report = probe(Job("x", loaded, plan))
        server.wait()
    assert cause(report) == "cert-hostname-mismatch"
    assert verified(report) == ({"server.host": "mail.example.test"} if same else {})
    assert len(server.connections) == (2 if same else 1)
    if same:
        assert server.connections[1].verbs() == ["EHLO", "STARTTLS", "QUIT"], "handshake only"


def test_the_other_family_is_proven_where_one_is_refused(pki: TestPki) -> None:
    records = ["mail.corp.test. 60 IN A 127.0.0.1", "mail.corp.test. 60 IN AAAA ::1"]
    refusal = "S: 554 5.7.1 no reverse name for your address\n!: close\n"
    try:
        six = ScriptedServer(refusal, pki, hosts=("::1",), strict=False)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with (
        serving(zone(records)) as resolver,
        six,
        ScriptedServer(SUBMISSION, pki, port=six.port, strict=False),
    ):
        loaded = profile_from_settings(
            {
                "server": {"host": "mail.corp.test", "port": six.port, "security": "starttls"},
                "tls": {"ca_file": str(pki.ca_file), "server_name": "mail.example.test"},
            },
            environment={},
        )
        plan = Plan(until="ehlo", resolver=resolver.where, deadline=8.0)
        report = probe(Job("x", loaded, plan))
    assert cause(report) == "greeting-rejected", shown(report)
    assert verified(report) == {"server.address_family": "ipv4"}
