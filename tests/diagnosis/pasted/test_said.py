"""Replies wherever a program may print them, and numbers that are none."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.pasted.lines import lines_of
from smtpcheck.diagnosis.pasted.said import Said, said_in


def replies(text: str) -> list[Said]:
    return said_in(lines_of(text))


@pytest.mark.parametrize(
    ("text", "code", "enhanced", "words"),
    [
        ("550 5.1.1 User unknown", 550, "5.1.1", "User unknown"),
        ("S: 550 5.1.1 User unknown", 550, "5.1.1", "User unknown"),
        ("<** 550 5.1.1 User unknown", 550, "5.1.1", "User unknown"),
        ("<<< 550 5.1.1 User unknown", 550, "5.1.1", "User unknown"),
        ("SERVER -> CLIENT: 550 5.1.1 User unknown", 550, "5.1.1", "User unknown"),
        ("SMTP< 550 5.1.1 User unknown", 550, "5.1.1", "User unknown"),
        ("[<-] 550 5.1.1 User unknown", 550, "5.1.1", "User unknown"),
        ("[550] '5.1.1 User unknown'", 550, "5.1.1", "User unknown"),
        ("(550, b'5.1.1 User unknown')", 550, "5.1.1", "User unknown"),
        ("{'a@example.com': (550, b'5.1.1 User unknown')}", 550, "5.1.1", "User unknown"),
        (
            "host mx[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
            550,
            "5.1.1",
            "User unknown",
        ),
        ("Error: Invalid login: 535 5.7.8 no", 535, "5.7.8", "no"),
        ("response: '535 5.7.8 no',", 535, "5.7.8", "no"),
        ('got code "550", with message "550 5.7.1 no relay"', 550, "5.7.1", "no relay"),
        ("Remote Server returned '550 5.1.8 Access denied'", 550, "5.1.8", "Access denied"),
        (
            '"530: 5.7.0 Must issue a STARTTLS command first"',
            530,
            "5.7.0",
            "Must issue a STARTTLS command first",
        ),
        (
            "5.7.57 Client not authenticated to send mail",
            0,
            "5.7.57",
            "Client not authenticated to send mail",
        ),
        ("The server response was: 5.7.1 Relay access denied", 0, "5.7.1", "Relay access denied"),
        ("Diagnostic-Code: smtp; 550 5.1.1 User unknown", 550, "5.1.1", "User unknown"),
        ("SMTP code: 552", 552, "", ""),
    ],
)
def test_a_reply_is_found_wherever_it_stands(
    text: str, code: int, enhanced: str, words: str
) -> None:
    [said] = replies(text)
    assert (said.code, said.enhanced, said.text) == (code, enhanced, words)
    assert said.refuses


@pytest.mark.parametrize(
    "text",
    [
        "at line 457 of /var/www/Mailer.php on line 550",
        "HTTP/1.1 403 Forbidden",
        "Exim 4.94 #2",
        "nodemailer 6.7.2",
        "192.0.2.550",
        "delay=550, delays=0.1/0/550/0",
        "2024-05-02 11:50:10",
        "took 554 ms",
        "postfix/smtpd[550]: connect from mx.example.com",
    ],
)
def test_a_number_is_not_a_reply_for_being_a_number(text: str) -> None:
    assert replies(text) == []


def test_the_lines_of_a_reply_are_one_reply() -> None:
    [said] = replies(
        "554-mx.example (mx1) service not available\n554-No SMTP service\n"
        "554 Bad DNS PTR resource record."
    )
    assert (
        said.text
        == "mx.example (mx1) service not available No SMTP service Bad DNS PTR resource record."
    )
    assert (said.number, said.last, len(said.lines)) == (1, 3, 3)


def test_a_reply_that_a_log_put_on_one_line_is_read_whole() -> None:
    [said] = replies(
        "said: 550-5.7.26 not authenticated. 550-5.7.26 Use SPF or DKIM. 550 5.7.26 Bye "
        "(in reply to end of DATA command)"
    )
    assert said.text == "not authenticated. Use SPF or DKIM. Bye"


def test_a_bounce_folds_a_reply() -> None:
    [said] = replies(
        "    said: 550 5.7.1 Client host rejected: cannot find your hostname,\n   [203.0.113.11]"
    )
    assert said.text.endswith("cannot find your hostname [203.0.113.11]")


def test_two_replies_stay_two() -> None:
    assert [
        each.code for each in replies("503 5.5.0 pipelining\n554 5.5.1 Error: no valid recipients")
    ] == [503, 554]
