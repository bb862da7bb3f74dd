"""An end that refuses is worth nothing where everybody has matched before it."""

from __future__ import annotations

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.domain import judge_checks
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.domain.spf_sender import spf_holds
from tests.domain.fake_dns import FakeNames, question
from tests.domain.test_spf_counting import by_pyspf

ZONE = """
open.test. IN TXT "v=spf1 +all"
deep.test. IN TXT "v=spf1 include:open.test -all"
good.test. IN TXT "v=spf1 ip4:192.0.2.0/24 ?all"
example.test. IN MX 5 mx.test.
mx.test. IN A 198.51.100.5
"""


@pytest.mark.parametrize(
    ("terms", "culprits"),
    [
        ("ip4:0.0.0.0/0", ["ip4:0.0.0.0/0"]),
        ("ip4:0.0.0.0/1 ip4:128.0.0.0/1", ["ip4:0.0.0.0/1", "ip4:128.0.0.0/1"]),
        ("ip4:0.0.0.0/2 ip4:64.0.0.0/2 mx", ["ip4:0.0.0.0/2", "ip4:64.0.0.0/2"]),
        ("ip6:::/0 mx", ["ip6:::/0"]),
        ("ip6:2000::/3", ["ip6:2000::/3"]),
        ("mx include:open.test", ["include:open.test"]),
        ("include:deep.test", ["include:deep.test"]),
        ("redirect=deep.test", ["redirect=deep.test"]),
        ("a:mx.test/0", ["a:mx.test/0"]),
        ("mx/0", ["mx/0"]),
        ("exists:mx.test", ["exists:mx.test"]),
        ("include:good.test mx ip4:10.0.0.0/8 ip6:2001:db8::/32", []),
        ("~include:open.test mx", []),
        ("exists:%{i}.mx.test mx", []),
        ("exists:gone.test mx", []),
    ],
)
def test_a_record_by_which_everybody_may_send_is_found(
    monkeypatch: pytest.MonkeyPatch, terms: str, culprits: list[str]
) -> None:
    record = f"v=spf1 {terms}" + ("" if "redirect" in terms else " -all")
    names = FakeNames(f'example.test. IN TXT "{record}"\n{ZONE}')
    end = next(each for each in spf_checks(names, question("example.test")) if "end" in each.name)
    assert end.kind == ("allows-all" if culprits else "")
    assert end.facts.get("terms", []) == culprits
    assert end.publish is None
    stranger = "2a00::7" if "ip6:" in terms else "45.0.0.7"
    verdict = by_pyspf(monkeypatch, names, stranger).verdict
    assert (verdict == "pass") == bool(culprits)


def test_no_record_is_proposed_that_lets_everybody_in() -> None:
    names = FakeNames(f'example.test. IN TXT "v=spf1 ptr ip4:0.0.0.0/0 ~all"\n{ZONE}')
    checks = list(spf_checks(names, question("example.test", source_ip="192.0.2.1")))
    assert not [check for check in checks if check.publish]
    assert spf_holds(checks) is True
    diagnoses, publish = judge_checks(checks, {}, load_catalog())
    assert not publish
    (found,) = [each for each in diagnoses if each.cause == "spf-ending-open"]
    assert "ip4:0.0.0.0/0" in found.why
    assert "ip4:0.0.0.0/0" in found.help[0]
