"""What is said of SPF records, right and wrong, and of the record to publish instead."""

from __future__ import annotations

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.domain import judge_checks
from smtpcheck.domain.dkim_checks import dkim_checks
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.mx_checks import mx_checks
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.domain.spf_record import combined, with_term
from smtpcheck.domain.spf_sender import spf_holds
from smtpcheck.model.domain import Check
from smtpcheck.model.stage import Outcome
from tests.domain.fake_dns import FakeNames, kinds, question

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


def test_a_provider_that_makes_the_record_too_dear_is_told_of() -> None:
    wishes = {"spf_include": "include:_spf.google.com", "provider": "Google"}
    full = " ".join(["v=spf1", *["a:example.test"] * 10, "-all"])
    for record, lookups in ((full, 11), ("v=spf1 mx -all", 2)):
        found = [check for check in spf_of(record, **wishes) if check.name == "spf.provider"]
        assert found[0].facts["lookups_then"] == lookups
        diagnoses, publish = judge_checks(found, {}, load_catalog())
        assert bool(publish) == (lookups <= 10), "a record with 11 look-ups is void"
        steps = " ".join(diagnoses[0].help)
        assert ("needs 11 look-ups" in steps) == (lookups > 10)


def test_a_provider_that_may_have_its_own_envelope_is_only_doubted() -> None:
    wishes = {"spf_include": "include:_spf.google.com", "provider": "Resend"}
    known = spf_of("v=spf1 mx -all", **wishes)
    unknown = spf_of("v=spf1 mx -all", envelope_known=False, **wishes)
    outcomes = [each[-1].outcome for each in (known, unknown)]
    assert outcomes == [Outcome.FAILED, Outcome.WARNED]
    assert (spf_holds(known), spf_holds(unknown)) == (False, None)


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
