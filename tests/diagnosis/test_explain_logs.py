"""What servers log about mail that they take and send on, and replies taken apart by programs."""

from __future__ import annotations

import pytest

from smtpcheck.api import explain


def first(text: str) -> str:
    """The cause that is told first; empty for none."""
    found = explain(text)
    return found[0].cause if found else ""


REPLIES = {
    "delivery 3: failure: 192.0.2.1_does_not_like_recipient./Remote_host_said:_550_5.7.1_"
    "Relaying_denied/Giving_up_on_192.0.2.1./": "relay-denied",
    "2024-01-02 03:04:05 SERVER -> CLIENT: 220 mx.example.com ESMTP 2024-01-02 03:04:05 "
    "CLIENT -> SERVER: EHLO app.* 2024-01-02 03:04:05 SERVER -> CLIENT: 501-5.5.4 HELO argument "
    "invalid, closing connection. 501 5.5.4 see help": "helo-name-invalid",
    "SMTP server error: DATA END command failed Detail: Message size exceeds fixed limit\n"
    " SMTP code: 552 Additional SMTP info: 5.3.4": "message-too-large",
    '{"reason":"Relay access denied","smtp_code":554,"smtp_enchcode":"5.7.1",'
    '"smtp_msg":"Relay access denied"}': "relay-denied",
    "server responded with 550 User unknown": "recipient-unknown",
    "Error SMTP: [550] Incorrect sender header (LOCAL)": "headers-invalid",
    "server said: 421 mail.example.net idle for too long": "session-idle-timeout",
}


@pytest.mark.parametrize(("text", "cause"), REPLIES.items())
def test_a_reply_is_found_however_a_program_took_it_apart(text: str, cause: str) -> None:
    assert first(text) == cause


def test_what_came_of_the_next_address_decides_where_ipv6_could_not_be_reached() -> None:
    gone = "postfix/smtp[3]: connect to mx.example.com[2001:db8::1]:25: Network is unreachable"
    said = (
        "postfix/smtp[3]: 4F1: host mx.example.com[192.0.2.1] said: 550 5.1.1 User unknown "
        "(in reply to RCPT TO command)"
    )
    assert first(gone) == "tcp-ipv6-broken"
    assert first(f"{gone}\n{said}") == "recipient-unknown"


def test_a_refused_command_before_tls_explains_that_no_login_was_offered() -> None:
    text = (
        "NOTICE => Authentication not supported by the remote SMTP server!\n"
        "ERROR => Received: 530 5.7.0 Must issue a STARTTLS command first."
    )
    assert first(text) == "starttls-required"


def test_a_session_that_ended_in_order_is_no_success_where_the_program_complains_of_it() -> None:
    session = (
        "Recv: 220 mail.example.com ESMTP Postfix\nSend: EHLO app\nRecv: 250-mail.example.com\n"
        "Recv: 250-STARTTLS\nRecv: 250 DSN\nSend: QUIT\nRecv: 221 2.0.0 Bye"
    )
    assert first(session) == ""
    assert first(f"Die Authentisierung ist fehlgeschlagen\n{session}") == "auth-not-offered"


@pytest.mark.parametrize(
    "text",
    [
        "nginx: [error] 503 Service Temporarily Unavailable",
        "form.email: Invalid address",
        "docker: pull access denied for mailserver, repository does not exist",
        "dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<a@example.com>",
    ],
)
def test_words_like_those_of_a_refusal_are_none_elsewhere(text: str) -> None:
    assert first(text) == ""
