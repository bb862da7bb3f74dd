"""What is said of DKIM keys and DMARC records, right and wrong."""

from __future__ import annotations

import pytest

from smtpcheck.domain.dkim_checks import dkim_checks
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.dmarc_tree import aligned, dmarc_record
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.model.domain import Check, DnsRecord
from smtpcheck.model.stage import Outcome
from tests.domain.fake_dns import FakeNames, kinds, question
from tests.domain.keys import dkim_record

GOOGLE = '_spf.google.com. IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"\n'


def published(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.publish.value for check in checks if check.publish}


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
