"""What is said of the families of addresses of the MX hosts."""

from __future__ import annotations

import pytest

from smtpcheck.domain.ipv6 import Reached, ipv6_check, reach_checks
from smtpcheck.model.stage import Outcome
from tests.domain.fake_dns import FakeNames

FOUR, SIX = "a.test. IN A 192.0.2.1\n", "a.test. IN AAAA 2001:db8::1\n"


@pytest.mark.parametrize(
    ("zone", "kind", "outcome"),
    [
        (FOUR, "", Outcome.SKIPPED),
        (FOUR + SIX, "", Outcome.PASSED),
        (SIX, "mx-ipv6-only", Outcome.WARNED),
    ],
)
def test_ipv6_is_a_wish_and_ipv4_is_what_all_have(zone: str, kind: str, outcome: Outcome) -> None:
    (check,) = ipv6_check(FakeNames(zone), "example.test", ["a.test"])
    assert (check.kind, check.outcome) == (kind, outcome)


@pytest.mark.parametrize(
    ("four", "six", "here", "kind", "outcome"),
    [
        (True, True, True, "", Outcome.PASSED),
        (True, False, True, "mx-family-dead", Outcome.WARNED),
        (False, True, True, "mx-family-dead", Outcome.WARNED),
        (True, False, False, "", Outcome.SKIPPED),
        (False, False, True, "", Outcome.SKIPPED),
    ],
)
def test_a_family_that_is_dead_is_told_where_the_other_answers(
    four: bool, six: bool, here: bool, kind: str, outcome: Outcome
) -> None:
    reached = [
        Reached("a.test", "ipv4", four, True, "refused"),
        Reached("a.test", "ipv6", six, here, "unreachable"),
    ]
    (check,) = reach_checks(reached)
    assert (check.kind, check.outcome) == (kind, outcome)


def test_a_host_with_one_family_is_told_elsewhere() -> None:
    assert not list(reach_checks([Reached("a.test", "ipv4", False, True, "refused")]))
