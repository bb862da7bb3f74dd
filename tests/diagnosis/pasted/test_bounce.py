"""A bounce as mail: the report counts, the returned message does not."""

from __future__ import annotations

import base64

from smtpcheck.diagnosis.pasted.bounce import opened

HEAD = """From: MAILER-DAEMON@mx.example.com
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

{told}
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; someone@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <someone@example.org>: User unknown

--b
Content-Type: message/rfc822

Subject: 554 5.7.1 spam message rejected

the body that came back
--b--
"""


def test_the_report_is_opened_and_the_returned_message_left_out() -> None:
    told = base64.b64encode(b"the mail was not delivered").decode()
    text = opened(HEAD.format(told=told))
    assert "the mail was not delivered" in text
    assert "Diagnostic-Code: smtp; 550 5.1.1" in text
    assert "spam" not in text
    assert "came back" not in text


def test_quoted_printable_is_decoded() -> None:
    text = "550 5.1.1 <a=\n@example.com>: User =\nunknown=20\nx=3Dy\n"
    assert opened(text).splitlines()[0] == "550 5.1.1 <a@example.com>: User unknown "


def test_any_other_text_stays_as_it_is() -> None:
    text = "key=value\nContent-Type: nothing\n550 no"
    assert opened(text) is text
