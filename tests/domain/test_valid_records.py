"""A record that receivers read is said to hold, and its correction keeps what it asks for."""

from __future__ import annotations

import pytest
from checkdmarc.dmarc import parse_dmarc_record

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.domain import judge_checks
from smtpcheck.domain.checkdmarc_way import forget_answers, way
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.receivers import receivers_say
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.model.domain import Check
from tests.domain.fake_dns import FakeNames, kinds, question


@pytest.mark.parametrize("version", ["V=SPF1", "v=SPF1", "V=spf1"])
def test_the_version_of_spf_may_be_in_capitals_here_and_in_what_is_included(version: str) -> None:
    forget_answers()
    names = FakeNames(
        f'example.test. IN TXT "{version} include:up.test ip4:192.0.2.1 -all"\n'
        f'up.test. IN TXT "{version} ip4:192.0.2.2 -all"\n'
    )
    assert kinds(list(spf_checks(names, question("example.test")))) == {}
    forget_answers()
    wrong = FakeNames(f'example.test. IN TXT "{version} ipv4:192.0.2.1 -all"\n')
    assert kinds(list(spf_checks(wrong, question("example.test"))))["spf.record"] == "invalid"


def dmarc_of(*records: str) -> tuple[list[Check], FakeNames]:
    forget_answers()
    zone = "".join(f'_dmarc.example.test. IN TXT "{each}"\n' for each in records)
    names = FakeNames(zone + "b.test. IN MX 5 mx.b.test.\n")
    return list(dmarc_checks(names, question("example.test"), [])), names


@pytest.mark.parametrize(
    ("tags", "right"),
    [
        ("p=reject;rua=d@b.test", "p=reject; rua=mailto:d@b.test"),
        ("p=reject; rua=mailto:a@b.test,d@b.test", "p=reject; rua=mailto:a@b.test,mailto:d@b.test"),
        ("p=quarantine; rua=nobody; adkim=s", "p=quarantine; adkim=s"),
        ("p=reject; rua=", "p=reject"),
        ("p=reject; fo=9; t=maybe", "p=reject"),
        ("p=reject;; sp=none", "p=reject; sp=none"),
        ("p=reject; junk", "p=reject"),
    ],
)
def test_a_tag_that_cannot_be_read_leaves_the_policy_as_it_is(tags: str, right: str) -> None:
    checks, names = dmarc_of(f"v=DMARC1;{tags}")
    found = {check.name: check for check in checks}
    assert found["dmarc.record"].kind == "tag-unreadable"
    assert found["dmarc.policy"].facts["policy"] == right[2:].partition(";")[0]
    publish = found["dmarc.record"].publish
    assert publish is not None
    assert (publish.name, publish.value) == ("_dmarc.example.test", f"v=DMARC1; {right}")
    forget_answers()
    parse_dmarc_record(publish.value, "example.test", ignore_unrelated_records=True, **way(names))
    judged = receivers_say(checks, question("example.test"))
    assert not [each for each in judged if "a DMARC record" in each.failed]
    diagnoses, _ = judge_checks([found["dmarc.record"]], {}, load_catalog())
    assert [each.cause for each in diagnoses] == ["dmarc-tag-unreadable"]
    assert publish.line in diagnoses[0].help[0]


@pytest.mark.parametrize(
    ("records", "right"),
    [
        (["v=DMARC1 p=reject rua=mailto:a@b.test"], "v=DMARC1; p=reject; rua=mailto:a@b.test"),
        ([" v=DMARC1; p=reject"], "v=DMARC1; p=reject"),
        (["v=DMARC1, p=maybe"], None),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], None),
        (["v=DMARC1; p=reject; rua=a@b.test", "v=DMARC1; p=reject"], "v=DMARC1; p=reject"),
        (["v=DMARC1; p=maybe; adkim=s"], None),
        (["v=DMARC1; p=reject; p=reject"], None),
    ],
)
def test_no_correction_weakens_a_policy(records: list[str], right: str | None) -> None:
    checks, _ = dmarc_of(*records)
    assert (checks[0].publish.value if checks[0].publish else None) == right
    diagnoses, _ = judge_checks(checks[:1], {}, load_catalog())
    assert "p=none" not in " ".join(diagnoses[0].help)
