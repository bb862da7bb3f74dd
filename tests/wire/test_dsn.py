"""Parameters for delivery status notifications."""

from __future__ import annotations

import pytest

from smtpcheck.model.message import Dsn
from smtpcheck.wire.dsn import mail_parameters, rcpt_parameters, xtext
from smtpcheck.wire.mail import Envelope, transaction
from tests.playing import lines


@pytest.mark.parametrize(
    ("text", "coded"),
    [("abc", "abc"), ("a+b", "a+2Bb"), ("a=b c", "a+3Db+20c"), ("", "")],
)
def test_xtext_is_as_the_rfc_writes_it(text: str, coded: str) -> None:
    assert xtext(text) == coded


def test_only_what_was_asked_for_is_said() -> None:
    assert mail_parameters(Dsn()) == ()
    assert rcpt_parameters(Dsn(returned="FULL"), "a@x.test") == ()
    assert mail_parameters(Dsn(returned="HDRS", envelope_id="a+b")) == ("RET=HDRS", "ENVID=a+2Bb")
    assert not Dsn().wanted
    assert Dsn(envelope_id="x").wanted


def test_a_recipient_outside_ascii_is_not_put_into_xtext() -> None:
    asked = Dsn(notify=("SUCCESS", "DELAY"))
    assert rcpt_parameters(asked, "ü@x.test") == ("NOTIFY=SUCCESS,DELAY",)
    assert rcpt_parameters(asked, "a+b@x.test") == (
        "NOTIFY=SUCCESS,DELAY",
        "ORCPT=rfc822;a+2Bb@x.test",
    )


def test_each_recipient_of_a_transaction_asks() -> None:
    envelope = Envelope("a@x.test", ("b@y.test", "c@y.test"), dsn=Dsn(notify=("NEVER",)))
    said = lines(list(next(transaction(envelope, pipelining=True, deliver=True))))
    assert said[1:3] == [
        "RCPT TO:<b@y.test> NOTIFY=NEVER ORCPT=rfc822;b@y.test",
        "RCPT TO:<c@y.test> NOTIFY=NEVER ORCPT=rfc822;c@y.test",
    ]
