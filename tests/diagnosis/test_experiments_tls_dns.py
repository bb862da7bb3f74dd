"""Which experiments a failed handshake, a wrong name or DNS calls for."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.experiment import (
    Compare,
    Known,
    LookUp,
    TryWay,
)
from smtpcheck.diagnosis.experiments import choose
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Step
from smtpcheck.model.preset import Preset
from tests.diagnosis.choosing import CONNECTED, GREETED, one, rounds, seen
from tests.diagnosis.observed import failed, reply, step


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("version", ["tls-older", "tls-offer"]),
        ("cipher", ["tls-older", "tls-ciphers", "tls-offer"]),
        ("dh-key", ["tls-ciphers", "tls-offer"]),
        ("alert", ["tls-older", "tls-ciphers", "tls-without-sni"]),
        ("closed", ["tls-older", "tls-ciphers", "tls-without-sni"]),
        ("verify", []),
        ("client-cert-required", []),
    ],
)
def test_each_failure_of_a_handshake_has_its_variants(kind: str, expected: list[str]) -> None:
    shaken = failed("tls.handshake", error={"kind": kind}, server_name="mail.example.test")
    told = rounds(seen(CONNECTED, GREETED, shaken))
    assert (told[0] if told else []) == expected


def test_an_alert_that_may_refuse_versions_has_all_of_them_offered() -> None:
    error: dict[str, Json] = {"kind": "alert", "alert": "internal_error"}
    shaken = failed("tls.handshake", error=error, server_name="mail.example.test")
    told = rounds(seen(CONNECTED, GREETED, shaken))
    assert told[0] == ["tls-older", "tls-ciphers", "tls-without-sni", "tls-offer"]


def test_a_profile_that_stops_at_tls_1_2_is_tried_with_1_3() -> None:
    shaken = failed("tls.handshake", error={"kind": "version"})
    observed = seen(CONNECTED, GREETED, shaken, more={"tls.max_version": "1.2"})
    made = one(observed, "tls-newer")
    assert isinstance(made, TryWay)
    assert made.changes == (("tls.max_version", "1.3"),)


def mismatch(*names: str, kind: str = "hostname-mismatch") -> Step:
    problem: dict[str, Json] = {"kind": kind, "names": list(names), "wanted": "mail.example.test"}
    return failed("tls.handshake", error={"kind": "verify"}, problems=[problem])


def test_the_names_of_the_certificate_are_tried_in_place_of_the_host() -> None:
    observed = seen(CONNECTED, mismatch("a.example.net", "*.example.net", "smtp.example.net"))
    assert rounds(observed)[0] == ["certificate-name", "certificate-name-2"]
    made = one(observed, "certificate-name")
    assert isinstance(made, TryWay)
    assert (made.host, made.goal) == ("smtp.example.net", "tls.handshake")
    assert made.changes == (("server.host", "smtp.example.net"),)


def test_an_address_keeps_its_place_and_gets_the_name_to_verify() -> None:
    observed = seen(CONNECTED, mismatch("mail.example.net"), more={"server.host": "192.0.2.1"})
    made = one(observed, "certificate-name")
    assert isinstance(made, TryWay)
    assert (made.host, made.server_name) == ("", "mail.example.net")
    assert made.changes == (("tls.server_name", "mail.example.net"),)


@pytest.mark.parametrize("cause", ["smtp-intercepted-by-host", "tls-inspection"])
def test_the_name_of_somebody_in_between_is_never_proposed(cause: str) -> None:
    observed = seen(CONNECTED, mismatch("host1.example.net"))
    assert rounds(observed, cause) == []


@pytest.mark.parametrize("kind", ["expired", "not-yet-valid"])
def test_a_certificate_out_of_its_time_has_the_clocks_compared_where_the_server_tells_its(
    kind: str,
) -> None:
    date = "mail ESMTP Exim 4.96 Tue, 05 Mar 2019 10:00:00 +0100"
    dated = step("tcp.greeting", reply=reply(220, "", date, "CONNECT"))
    assert rounds(seen(CONNECTED, dated, mismatch(kind=kind))) == [["clock"]]
    assert one(seen(CONNECTED, dated, mismatch(kind=kind)), "clock") == Compare(name="clock")
    assert rounds(seen(CONNECTED, GREETED, mismatch(kind=kind))) == []


def test_a_known_provider_has_the_names_compared() -> None:
    observed = seen(CONNECTED, GREETED, mismatch("host1.example.net"))
    at_gmail = seen(
        CONNECTED, GREETED, mismatch("x.example.net"), more={"server.host": "smtp.gmail.com"}
    )
    assert "interception" not in rounds(observed)[0]
    assert rounds(at_gmail)[0] == ["interception"]


def test_a_greeting_refused_over_one_family_is_tried_over_the_other() -> None:
    names = step("dns.system", addresses=["192.0.2.1", "2001:db8::1"])
    refused = failed("tcp.greeting", reply=reply(554, "5.7.1", "no PTR", "CONNECT"))
    over6 = step("tcp.connect", address="2001:db8::1", family="ipv6")
    observed = seen(names, over6, refused)
    assert rounds(observed)[0] == ["family-ipv4"]
    made = one(observed, "family-ipv4")
    assert isinstance(made, TryWay)
    assert made.changes == (("server.address_family", "ipv4"),)


def test_a_profile_of_one_family_is_tried_over_the_other() -> None:
    observed = seen(
        failed("tcp.connect", error={"kind": "unreachable"}), more={"server.address_family": "ipv6"}
    )
    made = one(observed, "family-ipv4")
    assert isinstance(made, TryWay)
    assert made.changes == (("server.address_family", "any"),)
    at_dns = seen(failed("dns.query", status="nodata"), more={"server.address_family": "ipv6"})
    assert "dns-ipv4" in rounds(at_dns)[0]


def test_no_srv_record_is_looked_for_where_no_mail_domain_is_known() -> None:
    settings: dict[str, Json] = {"server.host": "nowhere.test", "auth.username": "app"}
    observed = seen(failed("dns.query", status="nxdomain"), more=settings)
    assert choose(observed, (), Known(presets=tuple)) == ()


def test_a_name_that_does_not_exist_is_looked_for_among_known_ones_and_in_srv() -> None:
    preset = Preset(name="x", hosts=("mail.example.text", "*.example.org"))
    observed = seen(failed("dns.query", status="nxdomain"), more={"sender.address": "a@corp.test"})
    chosen = choose(observed, (), Known(presets=lambda: (preset,)))
    assert chosen == (
        LookUp(name="dns-similar", how="similar", names=("mail.example.text",), key="server.host"),
        LookUp(
            name="dns-srv",
            how="srv",
            names=("corp.test", "example.test"),
            key="server.host",
        ),
    )


def test_a_failing_zone_is_asked_without_validation() -> None:
    assert rounds(seen(failed("dns.query", status="servfail"))) == [["dns-unchecked"]]


def test_a_resolver_that_was_named_is_compared_with_that_of_the_machine() -> None:
    told = rounds(seen(failed("dns.query", status="timeout")), known=Known(resolver="192.0.2.53"))
    assert told == [["dns-configured"]]
