"""A local address to connect from that cannot be used, each reason in its own words."""

from __future__ import annotations

import pytest

from smtpcheck.model.plan import Plan
from tests.pki import TestPki
from tests.probe.dns_server import serving, zone
from tests.scripted.probing import cause, run, shown

NAME = "one-family.example.test"


@pytest.mark.parametrize(
    ("record", "source"), [("A 127.0.0.1", "::1"), ("AAAA ::1", "127.0.0.1")], ids=["v4", "v6"]
)
def test_a_server_that_has_no_address_of_the_family_is_told_so(
    pki: TestPki, record: str, source: str
) -> None:
    with serving(zone([f"{NAME}. 60 IN {record}"])) as resolver:
        server = {"host": NAME, "source_address": source}
        plan = Plan(resolver=resolver.where, deadline=5.0, until="ehlo")
        report = run(1, pki, settings={"server": server}, plan=plan, login=False)
    assert (report.exit_code, cause(report)) == (11, "tcp-source-address-unusable"), shown(report)
    first = report.diagnoses[0]
    assert "addresses of the other family alone" in first.why
    assert "this machine cannot use it" not in first.why


def test_an_address_of_another_machine_is_told_so(pki: TestPki) -> None:
    server = {"source_address": "192.0.2.1"}
    plan = Plan(deadline=5.0, until="ehlo")
    report = run(1, pki, settings={"server": server}, plan=plan, login=False)
    assert (report.exit_code, cause(report)) == (11, "tcp-source-address-unusable"), shown(report)
    assert "this machine cannot use it" in report.diagnoses[0].why
