"""The date in a greeting, and what it says of this machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smtpcheck.diagnosis.clock import compared_clocks, greeting_date

NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail ESMTP Exim 4.96 Thu, 05 Mar 2026 11:30:00 +0100", "10:30:00"),
        ("x.outlook.office365.com ready at Thu, 5 Mar 2026 10:00:07 +0000 [08DE]", "10:00:07"),
        ("mx ESMTP Sendmail 8.15; Thu, 5 Mar 2026 02:00:00 -0800", "10:00:00"),
    ],
)
def test_a_greeting_s_date_is_read_in_utc(text: str, expected: str) -> None:
    assert greeting_date(text) == datetime.fromisoformat(f"2026-03-05T{expected}+00:00")


@pytest.mark.parametrize(
    "text", ["", "mail ESMTP Postfix", "Thu, 99 Mar 2026 10:00:00 +0000", "Thu, 05 Mar 2026"]
)
def test_what_is_no_date_tells_nothing(text: str) -> None:
    assert greeting_date(text) is None
    assert compared_clocks(text, NOW)["wrong"] is False


@pytest.mark.parametrize(
    ("hour", "wrong"), [("09:30:00", False), ("10:59:00", False), ("08:30:00", True)]
)
def test_only_more_than_an_hour_is_wrong(hour: str, *, wrong: bool) -> None:
    told = compared_clocks(f"mail ESMTP Thu, 05 Mar 2026 {hour} +0000", NOW)
    assert told["wrong"] is wrong
