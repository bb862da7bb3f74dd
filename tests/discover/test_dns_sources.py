from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.discover.dns_sources import (
    Zone,
    guesses,
    mx_source,
    read_zone,
    resolving,
    srv_sources,
)
from smtpcheck.model.discovery import Found, Standing, Subject
from smtpcheck.probe.deadline import Deadline
from tests.discover.world import DOMAIN, srv
from tests.probe.dns_server import Query, serving, zone

WHO = Subject(DOMAIN, f"user@{DOMAIN}", DOMAIN)


def nobody(_host: str) -> str:
    return ""


def read(*records: str) -> Zone:
    with serving(zone([f"{DOMAIN}. 60 IN A 127.0.0.1", *records])) as dns:
        return read_zone(WHO, resolving(dns.where, Deadline(5)))


def test_targets_stand_by_priority_and_the_heavier_first() -> None:
    rows = ["20 9 587 c", "10 1 587 b", "10 5 587 a", "10 5 588 aa"]
    found = read(*(f"_submission._tcp.{DOMAIN}. 60 IN SRV {r}.{DOMAIN}." for r in rows))
    offers = srv_sources(found, WHO, nobody)[1].offers
    assert [each.host.partition(".")[0] for each in offers] == ["a", "aa", "b", "c"]
    assert [each.order for each in offers] == [0, 1, 2, 3]


def test_mx_hosts_stand_by_preference() -> None:
    found = read(*(f"{DOMAIN}. 60 IN MX {n} m{n}.{DOMAIN}." for n in (30, 10, 20)))
    assert found.mx == tuple(f"m{n}.{DOMAIN}" for n in (10, 20, 30))


def test_a_dot_as_target_says_that_there_is_no_such_service() -> None:
    found = read(srv("_submissions", 0, "."))
    source = srv_sources(found, WHO, nobody)[0]
    assert source.outcome is Found.NOTHING
    assert source.summary == "_submissions._tcp: the domain says that it has no such service"
    assert found.refuses


def test_one_service_that_is_there_is_enough_not_to_refuse() -> None:
    assert not read(srv("_submissions", 0, "."), srv("_submission", 587)).refuses
    assert not read().refuses


@pytest.mark.parametrize(
    "record", [srv("_submission", 0), srv("_submission", 587, "a\\032b.test.")]
)
def test_a_record_that_cannot_be_used_offers_nothing(record: str) -> None:
    source = srv_sources(read(record), WHO, nobody)[1]
    assert (source.outcome, source.offers) == (Found.NOTHING, ())
    assert "a record without a usable host and port" in source.summary


@pytest.mark.parametrize(
    ("target", "preset", "standing"),
    [
        (f"smtp.{DOMAIN}.", "", Standing.SRV),
        (f"{DOMAIN.upper()}.", "", Standing.SRV),
        (f"evil{DOMAIN}.", "", Standing.SRV_OUTSIDE),
        (f"{DOMAIN}.evil.test.", "", Standing.SRV_OUTSIDE),
        ("smtp.gmail.com.", "gmail", Standing.SRV),
    ],
)
def test_where_the_target_lies_decides_how_much_it_counts(
    target: str, preset: str, standing: Standing
) -> None:
    found = read(srv("_submission", 587, target))
    assert srv_sources(found, WHO, lambda _host: preset)[1].offers[0].standing is standing


def test_a_server_that_fails_is_told_for_each_service() -> None:
    def fail(query: Query) -> object:
        return query.reply(rcode="SERVFAIL")

    with serving(fail) as dns:  # type: ignore[arg-type]
        found = read_zone(WHO, resolving(dns.where, Deadline(5)))
    assert mx_source(found).summary == "the DNS server could not find out (SERVFAIL)"
    outcomes = {source.outcome for source in srv_sources(found, WHO, nobody)}
    assert outcomes == {Found.FAILED}


def test_a_bare_domain_is_not_asked_for_autodiscover() -> None:
    with serving(zone([f"{DOMAIN}. 60 IN A 127.0.0.1"])) as dns:
        read_zone(Subject(DOMAIN, "", DOMAIN), resolving(dns.where, Deadline(5)))
        assert f"_autodiscover._tcp.{DOMAIN}" not in {name for name, _, _ in dns.asked}


def test_a_domain_too_long_for_a_service_is_asked_for_the_rest() -> None:
    long = ".".join(["a" * 60] * 4)
    with serving(zone([f"{long}. 60 IN A 127.0.0.1"])) as dns:
        found = read_zone(Subject(long, "", long), resolving(dns.where, Deadline(5)))
    assert found.status in ("noerror", "nodata")
    assert found.services == {}


def test_a_usual_name_that_is_an_alias_of_a_providers_host_offers_that_host() -> None:
    records = [
        f"smtp.{DOMAIN}. 60 IN CNAME smtp.gmail.com.",
        "smtp.gmail.com. 60 IN A 127.0.0.1",
        f"mail.{DOMAIN}. 60 IN CNAME host.else.test.",
        "host.else.test. 60 IN A 127.0.0.1",
    ]
    with serving(zone(records)) as dns:
        asking = resolving(dns.where, Deadline(5))
        found = guesses(Zone("nodata"), WHO, asking, lambda h: "gmail" * h.endswith("gmail.com"))
    assert [(each.name, each.summary) for each in found] == [
        ("names", f"smtp.gmail.com, mail.{DOMAIN}")
    ]
    assert {each.standing for each in found[0].offers} == {Standing.NAME}


def test_a_name_without_an_address_is_no_guess() -> None:
    with serving(zone([f"smtp.{DOMAIN}. 60 IN TXT x"])) as dns:
        found = guesses(Zone("nodata"), WHO, resolving(dns.where, Deadline(5)), nobody)
    assert (found[0].outcome, found[0].offers) == (Found.NOTHING, ())


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ((), "no MX record: mail goes to the domain's own address"),
        ((f"{DOMAIN}. 60 IN MX 0 .",), "null MX"),
    ],
)
def test_what_the_mx_records_say_of_incoming_mail(records: tuple[str, ...], words: str) -> None:
    assert words in mx_source(read(*records)).summary


def test_a_domain_without_any_record_for_mail_is_said_to_take_none() -> None:
    assert "nobody takes its mail" in mx_source(Zone("nodata")).summary
    assert "does not exist" in mx_source(Zone("nxdomain")).summary


@given(st.integers(0, 65535), st.integers(0, 65535), st.integers(0, 65535))
def test_any_numbers_of_a_record_are_read(priority: int, weight: int, port: int) -> None:
    from smtpcheck.discover.dns_sources import _service

    service = _service(f"{priority} {weight} {port} smtp.lab.test")
    assert (service.priority, service.weight, service.port) == (priority, weight, port)
