"""What the header of a delivered message and a delivery report say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.confirm.mailbox import Folder
from smtpcheck.confirm.reading import arrival_of, bounce_of
from smtpcheck.model.arrival import Verdict

INBOX = Folder("INBOX", b"INBOX")
RECEIVED = b"Received: from x by mx.receiver.test; Sat, 28 Nov 2026 10:00:00 +0000\r\n"
OURS = (
    b"Authentication-Results: mx.receiver.test;\r\n"
    b" spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=bounce@mail.example.test;\r\n"
    b" dkim=fail (bad (nested) comment) header.d=Example.Test;\r\n"
    b" dkim=pass header.i=@other.test; dmarc=pass (p=NONE) header.from=example.test\r\n"
)
FORGED = b"Authentication-Results: evil.test; spf=pass smtp.mailfrom=a@evil.test\r\n"
REPORT = b"""\
From: MAILER-DAEMON@mx.test
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

sorry
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; ok@example.test
Action: delayed
Status: 4.4.1

Final-Recipient: rfc822; gone@example.test
Action: failed
Status: 5.1.1 (bad mailbox)
Remote-MTA: dns; far.example.test
Diagnostic-Code: smtp; 550 5.1.1 <gone@example.test>:
    no such user

--b--
"""


def test_the_verdicts_are_those_of_the_receiver() -> None:
    header = OURS + RECEIVED + b"From: A B <a@example.test>\r\n\r\n"
    seen = arrival_of(header, INBOX, 1.23)
    assert (seen.authority, seen.sender, seen.seconds) == (
        "mx.receiver.test",
        "a@example.test",
        1.2,
    )
    assert seen.verdicts == (
        Verdict("spf", "pass", "mail.example.test"),
        Verdict("dkim", "fail", "example.test"),
        Verdict("dkim", "pass", "other.test"),
        Verdict("dmarc", "pass", "example.test"),
    )


def test_a_header_that_came_with_the_message_is_not_believed() -> None:
    seen = arrival_of(OURS + RECEIVED + FORGED + b"From: a@example.test\r\n\r\n", INBOX, 1)
    assert all(each.domain != "evil.test" for each in seen.verdicts)


EXCHANGE = (
    b"Authentication-Results: spf=fail (sender IP is 192.0.2.1)\r\n"
    b" smtp.mailfrom=example.test; dkim=none (message not signed)\r\n"
    b" header.d=none;dmarc=fail action=oreject header.from=example.test;\r\n"
    b" compauth=fail reason=000\r\n"
)


def test_the_form_of_exchange_online_is_read_too() -> None:
    seen = arrival_of(EXCHANGE + RECEIVED + b"From: a@example.test\r\n\r\n", INBOX, 1)
    assert seen.authority == ""
    assert [(each.method, each.result, each.domain) for each in seen.verdicts] == [
        ("spf", "fail", "example.test"),
        ("dkim", "none", "none"),
        ("dmarc", "fail", "example.test"),
    ]


def test_what_cannot_be_read_is_no_verdict() -> None:
    seen = arrival_of(b"Authentication-Results: \r\n ;;;=\r\nFrom: a@b.test\r\n\r\n", INBOX, 1)
    assert seen.verdicts == ()


def test_the_failed_recipient_of_a_report_is_read() -> None:
    bounce = bounce_of(REPORT.replace(b"\n", b"\r\n"), INBOX, 3)
    assert bounce is not None
    assert (bounce.recipient, bounce.status) == ("gone@example.test", "5.1.1")
    assert bounce.diagnostic == "550 5.1.1 <gone@example.test>: no such user"
    assert bounce.reporter == "far.example.test"


def test_a_delay_or_another_message_is_no_bounce() -> None:
    assert bounce_of(REPORT.replace(b"failed", b"delayed"), INBOX, 3) is None
    assert bounce_of(b"Subject: hello\r\n\r\nRe: 550 no\r\n", INBOX, 3) is None


@given(st.binary(max_size=400))
def test_any_octets_are_read_without_an_error(raw: bytes) -> None:
    arrival_of(b"Authentication-Results: " + raw, INBOX, 1)
    arrival_of(raw, INBOX, 1)
    bounce_of(raw, INBOX, 1)
    bounce_of(b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n" + raw, INBOX, 1)
