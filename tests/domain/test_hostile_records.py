"""Whoever publishes records may write anything into them: no check breaks on it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.domain.checkdmarc_way import forget_answers
from smtpcheck.domain.dkim_checks import dkim_checks
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.mta_sts import _malformed, _parsed
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.domain.tls_checks import tls_rpt_check
from tests.domain.fake_dns import FakeNames, question

ODD = ["..", "x" * 70, "é", "٣", "²", "\x1b", "\\", "\\999", '"', "%", "%{", "%{i}", "*", "@", "\n"]
SPF = ["include:", "a:", "mx:", "mx", "exists:", "redirect=", "exp=", "ip4:", "ip6:", "ptr", "/24"]
TAGS = ["p=", "none", "rua=", "mailto:", "a@b.test", "@", "pct=", "9" * 30, "fo=", ";", ",", "!10m"]
POLICY = ["version: STSv1\n", "mode: enforce\n", "mx: ", "max_age: ", "*.a.test", "\r", ":"]


def joined(words: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from([*words, *ODD, " ", "a.test", "-all", "="]), max_size=9).map(
        "".join
    )


def quoted(text: str) -> str:
    """A text as a zone file has it, whatever is in it."""
    data = text.encode()[:250]
    return '"' + "".join(f"\\{octet:03d}" for octet in data) + '"'


@settings(max_examples=60, deadline=None)
@given(spf=joined(SPF), dmarc=joined(TAGS), key=joined(TAGS), policy=joined(POLICY))
def test_records_of_all_kinds_are_judged(spf: str, dmarc: str, key: str, policy: str) -> None:
    forget_answers()
    names = FakeNames(
        f"example.test. IN TXT {quoted(f'v=spf1 {spf}')}\n"
        f"_dmarc.example.test. IN TXT {quoted(f'v=DMARC1;{dmarc}')}\n"
        f"s._domainkey.example.test. IN TXT {quoted(key)}\n"
        f"_smtp._tls.example.test. IN TXT {quoted(f'v=TLSRPTv1;{dmarc}')}\n"
    )
    asked = question("example.test", selectors=("s",), source_ip="192.0.2.1", helo="h.test")
    checks = [*spf_checks(names, asked), *dkim_checks(names, asked)]
    checks += [*dmarc_checks(names, asked, checks), tls_rpt_check(names, "example.test")]
    assert len(checks) >= 5
    assert isinstance(_malformed(f"v=STSv1;{key}"), str)
    assert isinstance(_parsed(policy)[1], str)
