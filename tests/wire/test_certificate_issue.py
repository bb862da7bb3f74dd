"""What a certificate says of its making, and what CAA records say of its CA."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire.certificate_issue import CaaRecord, allowed, forbidden, read_issue

LE, DIGICERT = "Let's Encrypt", "DigiCert Inc"


def issue(*values: str, tag: str = "issue", flags: int = 0) -> list[CaaRecord]:
    return [CaaRecord(flags, tag, value) for value in values]


@pytest.mark.parametrize(
    ("issuer", "records", "wildcard", "verdict"),
    [
        (LE, issue("letsencrypt.org"), False, False),
        (LE, issue("LetsEncrypt.org; validationmethods=dns-01"), False, False),
        (LE, issue("digicert.com", "letsencrypt.org"), False, False),
        (LE, issue("digicert.com"), False, True),
        (DIGICERT, issue("letsencrypt.org"), False, True),
        (LE, issue(";"), False, True),
        (LE, issue("mailto:a@b.test", tag="iodef"), False, False),
        (LE, issue("x", tag="newer", flags=128), False, True),
        (LE, issue("x", tag="newer"), False, False),
        (LE, [*issue("letsencrypt.org"), *issue(";", tag="issuewild")], True, True),
        (LE, [*issue("letsencrypt.org"), *issue(";", tag="issuewild")], False, False),
        (LE, issue("letsencrypt.org"), True, False),
        ("A CA of our own", issue("letsencrypt.org"), False, None),
        ("A CA of our own", issue(";"), False, True),
        ("A CA of our own", [], False, False),
    ],
)
def test_records_let_a_ca_issue_or_keep_it_from_it(
    issuer: str, records: Sequence[CaaRecord], wildcard: bool, verdict: bool | None
) -> None:
    assert forbidden(issuer, records, wildcard=wildcard) is verdict


def test_the_named_cas_are_told_without_their_parameters() -> None:
    records = [*issue("a.test; x=1", "B.test.", ";", "a.test"), *issue("c.test", tag="issuewild")]
    assert allowed(records) == ["a.test", "b.test"]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(der: bytes) -> None:
    assert read_issue(der) is None
