"""What receivers say of the findings, and that none is without a cause."""

from __future__ import annotations

import re
from pathlib import Path

import smtpcheck.domain
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.domain import judge_checks
from smtpcheck.domain.dkim_checks import dkim_checks
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.receivers import receivers_say
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.model.domain import CHECKS, Area, Check
from smtpcheck.model.stage import Outcome
from tests.domain.fake_dns import FakeNames, question

GOOGLE = '_spf.google.com. IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"\n'
AREA = Area.SPF


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
        check = Check(name, AREA, Outcome.FAILED, "seen", facts)
        diagnoses, _ = judge_checks([check], {}, catalog)
        assert diagnoses, (name, kind)
