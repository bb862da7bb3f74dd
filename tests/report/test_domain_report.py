"""The report about a domain as text and as JSON; its DNS is hostile."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.domain import judge_checks
from smtpcheck.domain.outcome import bad, doubtful, good, noted
from smtpcheck.domain.receivers import receivers_say
from smtpcheck.model.domain import Check, DnsRecord, DomainQuestion, DomainReport
from smtpcheck.model.jsonvalue import Json
from smtpcheck.report.domain_json import render_domain_json
from smtpcheck.report.domain_text import render_domain
from smtpcheck.report.schema_commands import domain_schema
from smtpcheck.report.style import Style
from tests.schema_check import keeps_to

STYLE = Style(80, color=False, unicode=True)
QUESTION = DomainQuestion(
    domain="example.com", envelope="bounce.example.com", provider="Microsoft 365"
)
CHAIN: list[Json] = [
    {"depth": 0, "term": "include:a.example", "lookups": 11},
    {"depth": 1, "term": "exists:%{i}.example", "lookups": 1, "unknown": True},
    {"depth": 1, "term": "a:gone.example", "lookups": 1, "void": True},
]
RECORD = DnsRecord("example.com", "TXT", "v=spf1 include:spf.protection.outlook.com ~all")


def report(*checks: Check) -> DomainReport:
    diagnoses, publish = judge_checks(checks, {"from_domain": "example.com"}, load_catalog())
    return DomainReport(
        question=QUESTION,
        profile="notify",
        checks=checks,
        diagnoses=diagnoses,
        publish=publish,
        rules=receivers_say(checks, QUESTION),
        notes=("a note",),
        elapsed_ms=1234.5,
    )


def sample() -> DomainReport:
    return report(
        good("spf.record", "v=spf1 include:a.example ~all", domain="example.com"),
        bad(
            "spf.lookups",
            "too-many-lookups",
            "11 look-ups, 10 are allowed: the record is void",
            domain="example.com",
            record="v=spf1 include:a.example ~all",
            lookups=11,
            dearest="include:a.example",
            dearest_lookups=11,
            chain=CHAIN,
        ),
        bad(
            "spf.provider",
            "provider-missing",
            "Microsoft 365 is not in the record",
            RECORD,
            domain="example.com",
            record="v=spf1 include:a.example ~all",
            provider_name="Microsoft 365",
            include="include:spf.protection.outlook.com",
        ),
        doubtful(
            "dkim.key.s1",
            "key-short",
            "s1: 1024 bits; 2048 are advised",
            domain="example.com",
            at="s1._domainkey.example.com",
            bits=1024,
        ),
        good("dmarc.record", "v=DMARC1; p=none", domain="example.com"),
        noted("tls.dane", "not published", domain="example.com"),
    )


@pytest.mark.parametrize("how", ["plain", "verbose", "quiet"])
def test_the_text_is_as_it_was(how: str, golden: Callable[[str, str], None]) -> None:
    text = render_domain(sample(), STYLE, verbose=how == "verbose", quiet=how == "quiet")
    golden(f"domain_{how}.txt", text)
    lines = text.splitlines()
    assert all(len(line) <= 80 or line.lstrip().startswith("example.com. IN") for line in lines)


def test_the_record_to_publish_is_on_one_row_whole() -> None:
    narrow = render_domain(sample(), Style(40, color=False, unicode=False))
    assert f"         {RECORD.line}\n" in narrow
    assert narrow.isascii()


def test_a_domain_without_a_finding_is_ready() -> None:
    text = render_domain(report(good("spf.record", "v=spf1 -all")), STYLE)
    assert text.endswith("ready in 1.2 s: example.com\n")


def test_json_holds_checks_causes_records_and_receivers() -> None:
    data = json.loads(render_domain_json(sample()))
    keeps_to(domain_schema, data)
    assert (data["schema"], data["exit_code"], data["profile"]) == (1, 1, "notify")
    assert data["checks"][1]["check"] == "spf.lookups"
    assert data["checks"][1]["chain"] == CHAIN
    assert data["publish"] == [
        {
            "cause": "spf-provider-missing",
            "name": "example.com",
            "type": "TXT",
            "value": RECORD.value,
            "line": RECORD.line,
        }
    ]
    assert {each["cause"] for each in data["diagnoses"]} == {
        "spf-too-many-lookups",
        "spf-provider-missing",
        "dkim-key-weak",
    }
    assert data["receivers"][0]["receiver"] == "Gmail"


HOSTILE = 'v=spf1 \x1b[2J\x1b]52;c;aGk=\x07 include:\u202ea.test "quoted" \\ ##vso[task] \x00 ?all'


def test_dns_text_acts_on_nothing() -> None:
    record = DnsRecord("example.com", "TXT", HOSTILE)
    check = doubtful(
        "spf.end", "neutral-all", HOSTILE, record, domain="example.com", record=HOSTILE
    )
    made = report(check)
    for text in (render_domain(made, STYLE, verbose=True), render_domain_json(made)):
        assert not set(text) & {"\x1b", "\x07", "\x00", "\u202e"}
        assert "##vso" not in text
    assert json.loads(render_domain_json(made))["checks"][0]["record"] == HOSTILE


def test_a_long_text_is_published_in_strings_of_255() -> None:
    line = DnsRecord("s._domainkey.example.com", "TXT", "x" * 300).line
    assert line == f's._domainkey.example.com. IN TXT "{"x" * 255}" "{"x" * 45}"'
    assert DnsRecord("a.test", "TXT", 'a"b\\').line == r'a.test. IN TXT "a\"b\\"'
    assert DnsRecord("a.test", "MX", "10 mx.a.test.").line == "a.test. IN MX 10 mx.a.test."
