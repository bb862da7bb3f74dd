"""What the checks of a domain say of records, right and wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import smtpcheck.domain
import smtpcheck.model.domain
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.domain import judge_checks
from smtpcheck.domain.dkim_checks import dkim_checks
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.dmarc_tree import aligned, dmarc_record
from smtpcheck.domain.lists import BlockList, list_checks
from smtpcheck.domain.live import Seen, live_checks
from smtpcheck.domain.mx_checks import mail_hosts, mx_checks
from smtpcheck.domain.receivers import receivers_say
from smtpcheck.domain.reverse import looks_like_access, reverse_checks
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.domain.spf_record import combined, with_term
from smtpcheck.domain.tls_checks import dane_checks, srv_check, tls_rpt_check
from smtpcheck.model.domain import CHECKS, Check, DnsRecord
from smtpcheck.model.stage import Outcome
from tests.domain.fake_dns import FakeNames, kinds, question
from tests.domain.keys import dkim_record

GOOGLE = '_spf.google.com. IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"\n'


def spf_of(record: str, **more: object) -> list[Check]:
    names = FakeNames(f'example.test. IN TXT "{record}"\n{GOOGLE}')
    return list(spf_checks(names, question("example.test", **more)))


def published(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.publish.value for check in checks if check.publish}


def test_the_provider_is_put_before_what_ends_the_record() -> None:
    wishes = {"spf_include": "include:_spf.google.com", "provider": "Google"}
    checks = spf_of("v=spf1 mx redirect=_spf.google.com", **wishes)
    assert "spf.provider" not in kinds(checks), "a redirect to it is as good"
    checks = spf_of("v=spf1 ip4:198.51.100.1 -all", **wishes)
    assert kinds(checks) == {"spf.provider": "provider-missing"}
    right = "v=spf1 ip4:198.51.100.1 include:_spf.google.com -all"
    assert published(checks) == {"spf.provider": right}
    assert with_term("v=spf1 a redirect=x.test", "mx") == "v=spf1 a mx redirect=x.test"
    assert with_term("v=spf1 a", "mx") == "v=spf1 a mx"


def test_an_include_that_is_no_pass_does_not_count() -> None:
    checks = spf_of("v=spf1 -include:_spf.google.com ~all", spf_include="include:_spf.google.com")
    assert kinds(checks)["spf.provider"] == "provider-missing"


def test_whoever_publishes_one_correction_has_made_them_all() -> None:
    checks = spf_of("v=spf1 ptr ?all", spf_include="include:_spf.google.com", provider="Google")
    assert kinds(checks) == {
        "spf.end": "neutral-all",
        "spf.ptr": "ptr",
        "spf.provider": "provider-missing",
    }
    right = "v=spf1 include:_spf.google.com ~all"
    assert set(published(checks).values()) == {right}
    assert all(right in str(check.facts["publish"]) for check in checks if check.publish)
    assert combined("v=spf1 a -all", []) == "v=spf1 a -all"


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ("v=spf1 mx", "no-all"),
        ("v=spf1 +all", "allows-all"),
        ("v=spf1 all", "allows-all"),
        ("v=spf1 ?all", "neutral-all"),
        ("v=spf1 -all", "sends-nothing"),
        ("v=spf1 ip4:192.0.2.1 -all", ""),
        ("v=spf1 mx ~all mx", ""),
    ],
)
def test_the_end_of_the_record_is_weighed(record: str, kind: str) -> None:
    assert kinds(spf_of(record)).get("spf.end", "") == kind


@pytest.mark.parametrize(
    "record", ["v=spf1 ipv4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.999 -all", "v=spf1 a:%{x} -all"]
)
def test_a_record_that_is_not_well_formed_is_void(record: str) -> None:
    found = next(check for check in spf_of(record) if check.name == "spf.record")
    assert found.kind == "invalid"
    assert found.facts["detail"]


def test_records_that_are_nearly_spf_are_told_from_none() -> None:
    near = spf_of(" v=spf1 mx -all")
    assert kinds(near) == {"spf.record": "nearly"}
    assert published(near) == {"spf.record": "v=spf1 mx -all"}
    assert kinds(spf_of("v=spf10 mx -all")) == {"spf.record": "nearly"}
    none = spf_of("hello", source_ip="192.0.2.7")
    assert kinds(none) == {"spf.record": "missing"}
    assert published(none) == {"spf.record": "v=spf1 ip4:192.0.2.7 ~all"}
    assert published(spf_of("hello")) == {}
    old = FakeNames('example.test. IN SPF "v=spf1 -all"\n')
    assert kinds(list(spf_checks(old, question("example.test")))) == {"spf.record": "type-spf"}


def test_two_records_are_merged_and_the_softer_end_holds() -> None:
    names = FakeNames(
        'example.test. IN TXT "v=spf1 mx -all"\nexample.test. IN TXT "v=spf1 a mx ~all"\n'
    )
    checks = list(spf_checks(names, question("example.test")))
    assert kinds(checks) == {"spf.record": "multiple"}
    first, *words, last = published(checks)["spf.record"].split()
    assert (first, set(words), last) == ("v=spf1", {"a", "mx"}, "~all")


def test_dns_that_fails_is_no_missing_record() -> None:
    names = FakeNames("", broken=("example.test", "_dmarc.example.test", "_domainkey.example.test"))
    asked = question("example.test")
    found = [*spf_checks(names, asked), *dkim_checks(names, asked)]
    found += [*dmarc_checks(names, asked, found), *mx_checks(names, asked)]
    assert set(kinds(found).values()) == {"no-answer"}


def test_the_source_address_is_evaluated_and_its_correction_printed() -> None:
    checks = spf_of("v=spf1 include:_spf.google.com -all", source_ip="192.0.2.9")
    assert kinds(checks) == {}
    checks = spf_of("v=spf1 include:_spf.google.com -all", source_ip="2001:db8::1")
    assert kinds(checks) == {"spf.source": "source-not-allowed"}
    assert published(checks) == {
        "spf.source": "v=spf1 include:_spf.google.com ip6:2001:db8::1 -all"
    }


def test_the_helo_name_is_judged_by_its_own_record() -> None:
    names = FakeNames(
        'example.test. IN TXT "v=spf1 ip4:192.0.2.9 -all"\nmail.test. IN TXT "v=spf1 -all"\n'
    )
    asked = question("example.test", source_ip="192.0.2.9", helo="mail.test")
    assert kinds(list(spf_checks(names, asked))) == {"spf.helo": "helo-refused"}


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (dkim_record(2048), ""),
        (dkim_record(1024), "key-short"),
        (dkim_record(512), "key-weak"),
        (dkim_record(2048, "t=s:y; "), "key-testing"),
        (dkim_record(2048, "h=sha1; "), "key-hash"),
        (dkim_record(2048, "h=sha1:sha256; "), ""),
        ('"v=DKIM1; p="', "key-revoked"),
        ('"v=DKIM1; k=rsa"', "key-invalid"),
        ('"v=DKIM1; p=MIIBIjANBgkqhkiG9w0B"', "key-invalid"),
        ('"v=DKIM1; p=%%%"', "key-invalid"),
        ('"v=DKIM2; p=MIIB"', "key-invalid"),
        ('"p=MIIB; p=MIIB"', "key-invalid"),
        ('"v=DKIM1; k=dsa; p=MIIB"', "key-invalid"),
        ('"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="', "key-ed25519"),
        ('"v=DKIM1; k=ed25519; p=MIIB"', "key-invalid"),
        ('"garbage"', "key-invalid"),
    ],
)
def test_a_key_is_weighed(record: str, kind: str) -> None:
    names = FakeNames(f"s1._domainkey.example.test. IN TXT {record}\n")
    checks = list(dkim_checks(names, question("example.test", selectors=("s1",))))
    assert kinds(checks).get("dkim.key.s1", "") == kind


def test_a_key_that_is_not_there_is_told_from_one_that_leads_nowhere() -> None:
    names = FakeNames("a._domainkey.example.test. IN CNAME gone.test.\n")
    asked = question("example.test", selectors=("a", "b"))
    assert kinds(list(dkim_checks(names, asked))) == {
        "dkim.key.a": "key-dangling",
        "dkim.key.b": "key-missing",
    }


def test_one_key_of_the_provider_is_enough_and_none_is_a_finding() -> None:
    names = FakeNames(f"s2._domainkey.example.test. IN TXT {dkim_record(2048)}\n")
    asked = question("example.test", likely_selectors=("s1", "s2"), provider="SendGrid")
    checks = list(dkim_checks(names, asked))
    assert [(check.name, check.outcome) for check in checks] == [("dkim.key.s2", Outcome.PASSED)]
    other = question("other.test", likely_selectors=("s1", "s2"), provider="SendGrid")
    assert kinds(list(dkim_checks(names, other))) == {"dkim.key": "provider-keys-missing"}


def test_a_name_below_domainkey_proves_nothing_and_none_proves_that_there_is_no_key() -> None:
    names = FakeNames(f"x._domainkey.example.test. IN TXT {dkim_record(2048)}\n")
    (noted,) = dkim_checks(names, question("example.test"))
    assert (noted.outcome, noted.kind) == (Outcome.SKIPPED, "")
    (none,) = dkim_checks(names, question("other.test"))
    assert none.kind == "no-keys"


@pytest.mark.parametrize(
    ("zone", "domain", "location", "organization"),
    [
        ('_dmarc.example.test. IN TXT "v=DMARC1; p=none"', "example.test", "example.test", "own"),
        ('_dmarc.example.test. IN TXT "v=DMARC1; p=none"', "a.b.example.test", "example.test", ""),
        ("", "a.example.test", "", "a.example.test"),
        (
            '_dmarc.a.b.test. IN TXT "v=DMARC1; p=none; psd=n"\n_dmarc.b.test. IN TXT "v=DMARC1"',
            "x.a.b.test",
            "a.b.test",
            "a.b.test",
        ),
        ('_dmarc.b.test. IN TXT "v=DMARC1; psd=y"', "x.a.b.test", "b.test", "a.b.test"),
        (
            "".join(f'_dmarc.{"x." * n}deep.test. IN TXT "v=DMARC1; p=none"\n' for n in (8, 4)),
            "x.x.x.x.x.x.x.x.x.x.deep.test",
            "x.x.x.x.deep.test",
            "x.x.x.x.deep.test",
        ),
    ],
)
def test_the_walk_finds_the_record_and_the_organisation(
    zone: str, domain: str, location: str, organization: str
) -> None:
    names = FakeNames(f"{zone}\n{domain}. IN A 192.0.2.1\n")
    found = dmarc_record(names, domain)
    assert found.location == location
    expected = {"own": domain, "": location}.get(organization, organization)
    assert found.organization == expected
    assert len([name for name, _ in names.asked]) <= 8
    if found.record:
        from checkdmarc.dmarc import query_dmarc_record

        from smtpcheck.domain.checkdmarc_way import forget_answers, way

        forget_answers()
        assert query_dmarc_record(domain, **way(names))["location"] == location


def test_relaxed_alignment_goes_by_the_organisation() -> None:
    names = FakeNames('_dmarc.example.test. IN TXT "v=DMARC1; p=none"\n')
    assert aligned(names, "example.test", "bounce.example.test", strict=False)
    assert not aligned(names, "example.test", "bounce.example.test", strict=True)
    assert not aligned(names, "example.test", "other.test", strict=False)


def dmarc_of(zone: str, **more: object) -> list[Check]:
    names = FakeNames(zone + "\n")
    asked = question("example.test", **more)
    before = [*spf_checks(names, asked), *dkim_checks(names, asked)]
    return list(dmarc_checks(names, asked, before))


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        ([], "missing"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "multiple"),
        (["v=DMARC1 p=none"], "nearly"),
        ([" v=DMARC1; p=none"], "nearly"),
        (["v=DMARC1; p=maybe"], "invalid"),
        (["v=DMARC1; p=none; p=reject"], "invalid"),
        (["v=DMARC1; p=none", "unrelated"], ""),
        (["v=DMARC1"], ""),
    ],
)
def test_a_dmarc_record_is_weighed(records: list[str], kind: str) -> None:
    zone = "".join(f'_dmarc.example.test. IN TXT "{each}"\n' for each in records)
    assert kinds(dmarc_of(zone)).get("dmarc.record", "") == kind


def test_a_record_at_the_domain_itself_is_to_be_moved() -> None:
    checks = dmarc_of('example.test. IN TXT "v=DMARC1; p=none"')
    assert kinds(checks)["dmarc.record"] == "misplaced"
    assert checks[0].publish == DnsRecord("_dmarc.example.test", "TXT", "v=DMARC1; p=none")


def test_a_part_of_the_mail_is_no_policy_any_more() -> None:
    checks = dmarc_of('_dmarc.example.test. IN TXT "v=DMARC1; p=reject; pct=20"')
    assert kinds(checks)["dmarc.policy"] == "percent"
    assert published(checks)["dmarc.policy"] == "v=DMARC1; p=reject; t=y"
    for harmless in ("p=reject; pct=100", "p=none; pct=5", "p=reject"):
        zone = f'_dmarc.example.test. IN TXT "v=DMARC1; {harmless}"'
        assert "dmarc.policy" not in kinds(dmarc_of(zone)), harmless


def test_reports_need_somebody_who_wants_them_and_takes_mail() -> None:
    zone = (
        '_dmarc.example.test. IN TXT "v=DMARC1; p=none; rua=mailto:{}"\n'
        "example.test. IN MX 5 mx.example.test.\nreports.test. IN MX 5 mx.example.test.\n"
    )
    assert "dmarc.reports" not in kinds(dmarc_of(zone.format("d@example.test")))
    assert kinds(dmarc_of(zone.format("d@gone.test")))["dmarc.reports"] == "reports-lost"
    outside = dmarc_of(zone.format("d@reports.test"))
    assert kinds(outside)["dmarc.reports"] == "reports-unauthorised"
    wanted = published(outside)
    assert wanted["dmarc.reports"] == "v=DMARC1"
    agreed = zone + 'example.test._report._dmarc.reports.test. IN TXT "v=DMARC1"\n'
    assert "dmarc.reports" not in kinds(dmarc_of(agreed.format("d@reports.test")))


def test_a_provider_with_its_own_envelope_needs_a_key() -> None:
    zone = (
        'example.test. IN TXT "v=spf1 include:_spf.google.com ~all"\n'
        '_dmarc.example.test. IN TXT "v=DMARC1; p=none"\n' + GOOGLE
    )
    wishes = {"own_envelope": True, "likely_selectors": ("s1",), "provider": "SendGrid"}
    assert kinds(dmarc_of(zone, **wishes))["dmarc.alignment"] == "unaligned"
    zone += f"s1._domainkey.example.test. IN TXT {dkim_record(2048)}\n"
    assert "dmarc.alignment" not in kinds(dmarc_of(zone, **wishes))


def test_an_envelope_of_another_domain_does_not_speak_for_from() -> None:
    zone = (
        'bounce.test. IN TXT "v=spf1 include:_spf.google.com ~all"\n'
        '_dmarc.example.test. IN TXT "v=DMARC1; p=none"\n' + GOOGLE
    )
    wishes = {"envelope": "bounce.test", "spf_include": "include:_spf.google.com"}
    assert kinds(dmarc_of(zone, **wishes))["dmarc.alignment"] == "unaligned"


@pytest.mark.parametrize(
    ("zone", "kind"),
    [
        ("", "no-domain"),
        ('example.test. IN TXT "x"', "no-mx"),
        ("example.test. IN A 192.0.2.1", ""),
        ("example.test. IN MX 0 .", "null-mx"),
        ("example.test. IN MX 0 .\nexample.test. IN MX 5 a.test.", "null-mx-among-others"),
        ("example.test. IN MX 5 192.0.2.1.", "mx-is-address"),
        (
            "example.test. IN MX 5 a.test.\na.test. IN CNAME b.test.\nb.test. IN A 192.0.2.1",
            "mx-is-alias",
        ),
        ("example.test. IN MX 5 a.test.", "mx-without-address"),
        ("example.test. IN MX 5 a.test.\na.test. IN AAAA 2001:db8::1", ""),
    ],
)
def test_mx_records_are_weighed(zone: str, kind: str) -> None:
    found = list(mx_checks(FakeNames(zone + "\n"), question("example.test")))
    assert list(kinds(found).values()) == ([kind] if kind else [])


def test_tlsa_records_count_where_they_are_signed_and_of_a_kind_that_mail_uses() -> None:
    zone = "example.test. IN MX 5 a.test.\n_25._tcp.a.test. IN TLSA {} {}\n"
    right, wrong = ("3 1 1", "ab" * 32), ("1 0 1", "ab" * 32)

    def dane(record: tuple[str, str], *, secure: bool) -> str:
        names = FakeNames(zone.format(*record), secure=secure)
        found = list(dane_checks(names, "example.test", mail_hosts(names, "example.test")))
        return found[0].kind

    assert dane(right, secure=True) == ""
    assert dane(right, secure=False) == "dane-unsigned"
    assert dane(wrong, secure=True) == "dane-unusable"


def test_tls_reports_and_services() -> None:
    zone = '_smtp._tls.example.test. IN TXT "v=TLSRPTv1; rua={}"\n'
    rpt = [
        tls_rpt_check(FakeNames(zone.format(where)), "example.test").kind
        for where in ("mailto:a@b.test", "ftp://x")
    ]
    assert rpt == ["", "tls-rpt-invalid"]
    names = FakeNames("_submissions._tcp.example.test. IN SRV 0 1 465 smtp.example.test.\n")
    same = srv_check(names, "example.test", "smtp.example.test:465")
    other = srv_check(names, "example.test", "relay.test:587")
    assert same is not None
    assert other is not None
    assert (same.outcome, other.outcome) == (Outcome.PASSED, Outcome.SKIPPED)
    assert srv_check(names, "other.test", "") is None


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ("", {"reverse.ptr": "ptr-missing"}),
        ("9.2.0.192.in-addr.arpa. IN PTR mail.example.test.", {"reverse.ptr": "ptr-not-confirmed"}),
        (
            "9.2.0.192.in-addr.arpa. IN PTR h9-2-0-192.b.test.\nh9-2-0-192.b.test. IN A 192.0.2.9",
            {"reverse.ptr": "ptr-generic"},
        ),
        (
            "9.2.0.192.in-addr.arpa. IN PTR mail.example.test.\nmail.example.test. IN A 192.0.2.9",
            {},
        ),
    ],
)
def test_reverse_dns_must_lead_back(zone: str, found: dict[str, str]) -> None:
    asked = question("example.test", source_ip="192.0.2.9")
    assert kinds(list(reverse_checks(FakeNames(zone + "\n"), asked))) == found


def test_the_helo_name_must_lead_to_the_address() -> None:
    zone = "9.2.0.192.in-addr.arpa. IN PTR a.test.\na.test. IN A 192.0.2.9\nb.test. IN A 192.0.2.8"
    for helo, kind in (("a.test", ""), ("b.test", "helo-elsewhere"), ("[192.0.2.9]", "literal")):
        asked = question("example.test", source_ip="192.0.2.9", helo=helo)
        checks = kinds(list(reverse_checks(FakeNames(zone + "\n"), asked)))
        assert checks.get("reverse.helo", "").endswith(kind)


def test_names_of_mail_servers_do_not_look_like_lines() -> None:
    import ipaddress

    address = ipaddress.ip_address("192.0.2.9")
    assert looks_like_access("dsl-9.example.test", address)
    assert looks_like_access("host-192-0-2-9.example.test", address)
    assert not looks_like_access("mail9.dynamics.test", address)


LIST = BlockList("bl.test", "List", "https://bl.test")
SELF_TEST = "2.0.0.127.bl.test. IN A 127.0.0.2\n"


@pytest.mark.parametrize(
    ("zone", "outcome"),
    [
        (SELF_TEST, Outcome.PASSED),
        (SELF_TEST + "9.2.0.192.bl.test. IN A 127.0.0.4", Outcome.FAILED),
        (SELF_TEST + "9.2.0.192.bl.test. IN A 127.255.255.254", Outcome.SKIPPED),
        (SELF_TEST + "9.2.0.192.bl.test. IN A 203.0.113.5", Outcome.SKIPPED),
        ("9.2.0.192.bl.test. IN A 127.0.0.4", Outcome.SKIPPED),
        ("2.0.0.127.bl.test. IN A 127.255.255.252", Outcome.SKIPPED),
        (
            SELF_TEST + "1.0.0.127.bl.test. IN A 127.0.0.2\n9.2.0.192.bl.test. IN A 127.0.0.2",
            Outcome.SKIPPED,
        ),
    ],
)
def test_no_refusal_and_no_dead_list_is_taken_for_a_listing(zone: str, outcome: Outcome) -> None:
    asked = question("example.test", source_ip="192.0.2.9")
    (check,) = list_checks(FakeNames(zone + "\n"), asked, [LIST])
    assert check.outcome is outcome


def live(mode: str, tlsa: str, **seen: object) -> Check:
    at = {"host": "mx.test", "tlsa": [tlsa]} if tlsa else {"host": "mx.test"}
    before = [
        Check("tls.mta-sts", CHECKED, Outcome.PASSED, "", {"mode": mode}),
        Check("tls.dane", CHECKED, Outcome.PASSED, "", at),
    ]
    given = {"host": "mx.test", "reached": True, "starttls": True, "detail": "", **seen}
    (check,) = live_checks([Seen(**given)], before)  # type: ignore[arg-type]
    return check


CHECKED = next(iter(smtpcheck.model.domain.Area))
CERTIFICATE = {"chain": [{"sha256": "aa" * 32, "spki_sha256": "bb" * 32}], "verified": True}
BAD = {**CERTIFICATE, "verified": False, "problems": [{"kind": "expired"}]}


@pytest.mark.parametrize(
    ("mode", "tlsa", "handshake", "starttls", "expected"),
    [
        ("", "", CERTIFICATE, True, ""),
        ("", "", BAD, True, ""),
        ("enforce", "", BAD, True, "mx-certificate"),
        ("testing", "", BAD, True, "mx-certificate"),
        ("", "3 1 1 " + "bb" * 32, BAD, True, ""),
        ("", "3 0 1 " + "aa" * 32, BAD, True, ""),
        ("", "3 1 1 " + "cc" * 32, CERTIFICATE, True, "dane-mismatch"),
        ("", "3 1 2 " + "cc" * 64, CERTIFICATE, True, ""),
        ("enforce", "", {}, False, "mx-no-starttls"),
        ("enforce", "", {}, True, "mx-no-tls"),
    ],
)
def test_what_a_host_shows_is_held_against_what_the_domain_promises(
    mode: str, tlsa: str, handshake: dict[str, object], starttls: bool, expected: str
) -> None:
    assert live(mode, tlsa, handshake=handshake, starttls=starttls).kind == expected


def test_a_host_that_cannot_be_reached_is_not_judged() -> None:
    assert live("enforce", "", reached=False, handshake={}).outcome is Outcome.SKIPPED


def test_receivers_say_what_is_missing_and_what_they_cannot_be_asked() -> None:
    zone = 'example.test. IN TXT "v=spf1 include:_spf.google.com ~all"\n' + GOOGLE
    names = FakeNames(zone)
    asked = question("example.test", spf_include="include:_spf.google.com")
    checks = [*spf_checks(names, asked), *dkim_checks(names, asked)]
    checks += dmarc_checks(names, asked, checks)
    said = {(each.receiver, each.senders): each for each in receivers_say(checks, asked)}
    assert said["Gmail", "any sender"].outcome is Outcome.PASSED
    assert "reverse DNS" in said["Gmail", "any sender"].unknown
    bulk = said["Outlook.com", "5,000 a day and more"]
    assert (bulk.outcome, bulk.failed) == (Outcome.FAILED, ("DKIM", "a DMARC record"))
    unknown = receivers_say([], question("example.test"))
    assert unknown[0].outcome is Outcome.SKIPPED


def test_every_kind_of_finding_has_a_cause() -> None:
    """A finding without a rule would be told without a fix."""
    source = "".join(path.read_text() for path in Path(smtpcheck.domain.__path__[0]).glob("*.py"))
    made = set(re.findall(r'"((?:[a-z]+-)*[a-z]+)", said', source))
    documented = (Path(__file__).parents[2] / "docs" / "facts.md").read_text()
    table = documented[documented.index("## Checks of a domain") :]
    table = table[: table.index("## From a text")]
    pairs = [
        (name, kind)
        for row in re.findall(r"^\| `.*", table, re.MULTILINE)
        for name in re.findall(r"`([a-z.-]+)`", row.split("|")[1])
        for kind in re.findall(r"`([a-z0-9-]+)`", row.split("|")[-2])
    ]
    assert {kind for _, kind in pairs} >= made - {"spf", "dmarc"}
    assert {name for name, _ in pairs} <= set(CHECKS)
    catalog = load_catalog()
    foreign = {("spf.source", "helo-refused"), ("spf.helo", "source-not-allowed")}
    foreign |= {("spf.helo", "no-result")}
    foreign |= {("reverse.ptr", kind) for kind in ("helo-elsewhere", "helo-literal")}
    foreign |= {("reverse.helo", kind) for _, kind in pairs if kind.startswith("ptr-")}
    for name, kind in pairs:
        if (name, kind) in foreign:
            continue
        facts = {"kind": kind, "lists": "addresses"}
        check = Check(name, CHECKED, Outcome.FAILED, "seen", facts)
        diagnoses, _ = judge_checks([check], {}, catalog)
        assert diagnoses, (name, kind)
