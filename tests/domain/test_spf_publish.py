"""The record that is proposed can be evaluated, names who sends, and is no softer than it was."""

from __future__ import annotations

import pytest
import spf
from checkdmarc.spf import parse_spf_record

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.domain import judge_checks
from smtpcheck.domain.checkdmarc_way import forget_answers, way
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.model.domain import Check
from tests.domain.fake_dns import FakeNames, kinds, question
from tests.domain.test_spf_counting import by_pyspf

ZONE = """
_spf.google.com. IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"
two.test. IN TXT "v=spf1 ip4:192.0.2.1 -all"
two.test. IN TXT "v=spf1 ip4:192.0.2.2 -all"
back.test. IN TXT "v=spf1 include:back.test ip4:192.0.2.3 -all"
nobody.test. IN TXT "v=spf1 -all"
example.test. IN MX 5 mx.example.test.
mx.example.test. IN A 198.51.100.5
"""
GOOGLE = {"spf_include": "include:_spf.google.com", "provider": "Google"}


def looked_at(*records: str, **more: object) -> tuple[list[Check], FakeNames]:
    lines = "".join(f'example.test. IN TXT "{each}"\n' for each in records)
    names = FakeNames(lines + ZONE)
    return list(spf_checks(names, question("example.test", **more))), names


def proposed(checks: list[Check]) -> set[str]:
    return {check.publish.value for check in checks if check.publish}


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:gone.test -all",
        "v=spf1 include:gone.test",
        "v=spf1 include:two.test -all",
        "v=spf1 include:two.test mx -all",
        "v=spf1 include:nobody.test +all",
        "v=spf1 include:back.test ?all",
        "v=spf1 include:example.test -all",
        "v=spf1 ptr +all",
        "v=spf1 ptr -all",
        "v=spf1 ptr mx -all",
        "v=spf1 +all",
        "v=spf1 ?all",
        "v=spf1",
        "v=spf1 -all",
        "v=spf1 ip4:192.0.2.1-all",
        "v=spf1 ipv4:192.0.2.1 ?all",
        " v=spf1 -all",
        "v=spf10 ipv4:192.0.2.1 -all",
        f"v=spf1 {'mx ' * 11}?all",
    ],
)
def test_where_nothing_sure_can_be_proposed_there_are_steps_and_no_record(record: str) -> None:
    checks, _ = looked_at(record)
    assert kinds(checks)
    assert proposed(checks) == set()
    assert not [check for check in checks if "publish" in check.facts]
    diagnoses, publish = judge_checks(checks, {}, load_catalog())
    assert publish == {}
    steps = [step for each in diagnoses for step in each.help]
    assert steps
    assert not [step for step in steps if "unknown" in step or "{" in step or step.endswith(": ")]


@pytest.mark.parametrize(
    ("records", "more", "right"),
    [
        (["v=spf1 include:gone.test mx -all"], {}, "v=spf1 mx -all"),
        (["v=spf1 include:example.test mx -all"], {}, "v=spf1 mx -all"),
        (
            ["v=spf1 include:gone.test -all"],
            GOOGLE,
            "v=spf1 include:_spf.google.com -all",
        ),
        (["v=spf1 ptr -all"], GOOGLE, "v=spf1 ptr include:_spf.google.com -all"),
        (["v=spf1 ptr mx ~all"], {}, "v=spf1 mx ~all"),
        (["v=spf1 mx ptr ?all"], {}, "v=spf1 mx ~all"),
        (["v=spf1 +all"], GOOGLE, "v=spf1 include:_spf.google.com ~all"),
        (["v=spf1 -include:_spf.google.com -all"], GOOGLE, "v=spf1 include:_spf.google.com -all"),
        (
            ["v=spf1 -all"],
            {**GOOGLE, "source_ip": "198.51.100.7"},
            "v=spf1 include:_spf.google.com ip4:198.51.100.7 -all",
        ),
        ([" v=spf1 mx -all"], GOOGLE, "v=spf1 mx include:_spf.google.com -all"),
        (["v=spf10 mx -all"], {}, "v=spf1 mx -all"),
        (["v=spf1 mx -all", "v=spf1 mx exp=e.test -all"], {}, "v=spf1 mx -all exp=e.test"),
        (["v=spf1 mx all", "v=spf1 mx -all"], {}, "v=spf1 mx ~all"),
        (
            ["v=spf1 redirect=_spf.google.com", "v=spf1 exp=e.test"],
            {},
            "v=spf1 include:_spf.google.com ~all exp=e.test",
        ),
    ],
)
def test_a_record_that_is_proposed_is_valid_and_keeps_what_is_right(
    monkeypatch: pytest.MonkeyPatch, records: list[str], more: dict[str, object], right: str
) -> None:
    checks, names = looked_at(*records, **more)
    assert proposed(checks) == {right}
    forget_answers()
    parse_spf_record(right, "example.test", **way(names))
    published = FakeNames(f'example.test. IN TXT "{right}"\n{ZONE}e.test. IN TXT "no"\n')
    asked: spf.query = by_pyspf(monkeypatch, published, "203.0.113.9")
    assert asked.verdict in ("fail", "softfail")


def test_the_record_of_a_helo_name_keeps_who_else_it_names() -> None:
    names = FakeNames(
        'example.test. IN TXT "v=spf1 ip4:192.0.2.9 -all"\n'
        'mail.test. IN TXT "v=spf1 include:_spf.google.com -all"\n' + ZONE
    )
    asked = question("example.test", source_ip="198.51.100.9", helo="mail.test")
    found = {check.name: check for check in spf_checks(names, asked)}
    right = found["spf.helo"].publish
    assert right is not None
    assert right.value == "v=spf1 include:_spf.google.com ip4:198.51.100.9 -all"
