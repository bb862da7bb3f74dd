"""A key that big receivers do not verify is not taken for a DKIM that all verify."""

from __future__ import annotations

import pytest

from smtpcheck.domain.dkim_checks import dkim_checks, key_holds
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.receivers import receivers_say
from smtpcheck.model.stage import Outcome
from tests.domain.fake_dns import FakeNames, question
from tests.domain.keys import dkim_record

ED25519 = "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.mark.parametrize(
    ("records", "holds"),
    [
        ({"e": f'"{ED25519}"'}, None),
        ({"e": f'"t=y; {ED25519}"'}, None),
        ({"e": f'"{ED25519}"', "gone": ""}, None),
        ({"e": f'"{ED25519}"', "r": dkim_record(2048)}, True),
        ({"e": f'"{ED25519}"', "r": dkim_record(1024)}, True),
        ({"e": f'"{ED25519}"', "r": dkim_record(2048, "t=y; ")}, True),
        ({"gone": ""}, False),
    ],
)
def test_dkim_holds_by_a_key_that_every_receiver_verifies(
    records: dict[str, str], holds: bool | None
) -> None:
    zone = "".join(
        f"{selector}._domainkey.example.test. IN TXT {record}\n"
        for selector, record in records.items()
        if record
    )
    names = FakeNames(zone + '_dmarc.example.test. IN TXT "v=DMARC1; p=reject"\n')
    asked = question("example.test", selectors=tuple(records), envelope="bounce.test")
    checks = list(dkim_checks(names, asked))
    assert key_holds(checks) is holds
    checks += dmarc_checks(names, asked, checks)
    alignment = next(each for each in checks if each.name == "dmarc.alignment")
    assert (alignment.outcome is Outcome.PASSED) is bool(holds)
    said = {(each.receiver, each.senders): each for each in receivers_say(checks, asked)}
    gmail = said["Gmail", "any sender"]
    assert (gmail.outcome is Outcome.PASSED) is bool(holds)
    assert ("SPF or DKIM" in gmail.unknown) is (holds is not True)
    bulk = said["Outlook.com", "5,000 a day and more"]
    assert ("DKIM" in bulk.unknown) is (holds is None)
    assert ("DKIM" in bulk.failed) is (holds is False)
