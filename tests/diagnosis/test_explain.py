"""A pasted text is named by its one true cause, whatever program printed it."""

from __future__ import annotations

import pytest

from smtpcheck.api import explain, explain_fully
from smtpcheck.diagnosis.pasted.nature import Kind

TRANSCRIPT = """=== Trying mail.example.com:587...
=== Connected to mail.example.com.
<-  220 mail.example.com ESMTP Postfix
 -> EHLO client
<-  250-mail.example.com
<-  250 STARTTLS
 -> MAIL FROM:<a@example.com>
<** 530 5.7.0 Must issue a STARTTLS command first
 -> QUIT
<-  221 2.0.0 Bye
"""
# What five manuals of mail programs list under troubleshooting, and the cause of each.
MANUALS = [
    ("No such host is known", "dns-name-not-found"),
    (
        "A connection attempt failed because the connected party did not properly respond",
        "tcp-timeout-blocked",
    ),
    (
        "No connection could be made because the target machine actively refused it",
        "tcp-refused",
    ),
    ("BDAT command has been rejected by the server", "sender-not-authorized"),
    ("Mails are marked as spam", "dmarc-unauthenticated"),
    ("A user attempted to send an email from a non-verified domain", "sender-unverified"),
    (
        "550 5.7.1 Client does not have permissions to send as this sender",
        "sender-not-authorized",
    ),
    ("Mandatory From Header is missing or invalid (5.7.1)", "headers-invalid"),
    ("Unable to connect to server", "tcp-timeout-blocked"),
    ("Authentication failed", "auth-bad-credentials"),
    (
        "No authentication method enabled from those supported by the server",
        "auth-mechanism-unsupported",
    ),
    ("Error 96260", "dns-host-value-malformed"),
    (
        "User authentication failed: Unaccepted server reply for command AUTH PLAIN (Gmail)",
        "auth-app-password-required",
    ),
]


def cause(text: str) -> str:
    """The cause that is named first; empty for none."""
    found = explain(text)
    return found[0].cause if found else ""


@pytest.mark.parametrize(("text", "expected"), MANUALS)
def test_every_troubleshooting_entry_of_the_manuals_is_answered(text: str, expected: str) -> None:
    assert cause(text) == expected
    assert explain(text)[0].help


@pytest.mark.parametrize(
    "text",
    [
        "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1129)",
        "tls: first record does not look like a TLS handshake",
        "javax.net.ssl.SSLException: Unrecognized SSL message, plaintext connection?",
        "msmtp: TLS handshake failed: An unexpected TLS packet was received.",
        "The handshake failed due to an unexpected packet format.",
        "curl: (35) error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
        "Connection error: received corrupt message of type InvalidContentType",
        "OpenSSL::SSL::SSLError: SSL_connect state=SSLv2/v3 read server hello A: unknown protocol",
    ],
)
def test_one_cause_in_many_dialects(text: str) -> None:
    assert cause(text) == "tls-implicit-on-starttls-port"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TRANSCRIPT, "starttls-required"),
        (
            "Could not connect to SMTP host: a.example.com, port: 465, response: -1",
            "tls-plain-on-implicit-port",
        ),
        (
            "Error: Greeting never received\n  port: 465, secure: false",
            "tls-plain-on-implicit-port",
        ),
        ("Error: Greeting never received\n  port: 587", "greeting-missing"),
        (
            "connect ENETUNREACH 2001:db8:400d:c0d::6c:465 - Local (:::0)",
            "tcp-ipv6-broken",
        ),
        (
            (
                "The server response was: 5.7.57 Client not authenticated to send mail. "
                "Error: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
                "disabled "
                "for the Tenant."
            ),
            "auth-smtp-disabled",
        ),
        (
            (
                "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname\n"
                "421 4.7.0 mx.example.com Error: too many errors"
            ),
            "helo-name-invalid",
        ),
        (
            (
                "Connection: opening to smtp.gmail.com:587\nSERVER -> CLIENT: "
                "220-web7.hoster.example "
                "ESMTP Exim 4.94\nCLIENT -> SERVER: EHLO me\nSMTP Error: Could not authenticate."
            ),
            "smtp-intercepted-by-host",
        ),
        ("dial tcp :25: connect: connection refused", "dns-host-value-malformed"),
        (
            (
                "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: c29tZW9uZUBleGFtcGxlLmNvbQ0=\n"
                "S: 535 5.7.8 Error: authentication failed"
            ),
            "auth-encoding",
        ),
        (
            (
                "smtp: 554 5.7.1 Client host [192.0.2.1] blocked using zen.example; Error: open "
                "resolver"
            ),
            "dnsbl-misconfigured",
        ),
        (
            (
                "Final-Recipient: rfc822; x@example.com\nAction: failed\nStatus: 5.4.6\n"
                "Diagnostic-Code: X-Postfix; mail for example.com loops back to myself"
            ),
            "server-config-loop",
        ),
        (
            (
                "verify error:num=20:unable to get local issuer certificate\n"
                "   i:/O=Avast Web/Mail Shield/CN=Avast Web/Mail Shield Root"
            ),
            "tls-inspection",
        ),
    ],
)
def test_what_decides_is_found(text: str, expected: str) -> None:
    assert cause(text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "imaplib.IMAP4.error: b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'",
            Kind.OTHER_PROTOCOL,
        ),
        (
            "poplib.error_proto: b'-ERR [AUTH] Username and password not accepted.'",
            Kind.OTHER_PROTOCOL,
        ),
        (
            "HTTPError: 401 Client Error: Unauthorized for url: https://api.mailgun.net/v3/x",
            Kind.OTHER_PROTOCOL,
        ),
        ("Error: connect ECONNREFUSED 127.0.0.1:5432", Kind.OTHER_PROTOCOL),
        ("ssh: connect to host example.com port 22: Connection refused", Kind.OTHER_PROTOCOL),
        (
            "C: EHLO me\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\nS: 250 2.0.0 Ok: queued as 4F1",
            Kind.SUCCESS,
        ),
        (
            (
                "postfix/smtp[1]: 4F1: to=<a@example.com>, status=deferred (450 4.2.0 Greylisted)\n"
                "postfix/smtp[1]: 4F1: to=<a@example.com>, status=sent (250 2.0.0 Ok)"
            ),
            Kind.SUCCESS,
        ),
        ("C: QUIT\nS: 221 Bye\nError: read ECONNRESET", Kind.SUCCESS),
        (
            '["authenticate"]=>\n  string(35) "SMTP Error: Could not authenticate."',
            Kind.UNCLEAR,
        ),
        ("everything is quiet here", Kind.UNCLEAR),
        ("", Kind.UNCLEAR),
    ],
)
def test_no_failure_of_smtp_is_no_cause(text: str, kind: Kind) -> None:
    told = explain_fully(text)
    assert told.diagnoses == ()
    assert told.nature.kind is kind


def test_cannot_tell_names_the_command_that_would() -> None:
    told = explain_fully("phpmailer said something about mail.example.com:587 and stopped")
    assert told.nature.fetch[0] == "smtpcheck probe mail.example.com:587"
    assert "SMTPDebug" in told.nature.fetch[1]


def test_evidence_is_the_line_with_its_number_and_the_words_that_decided() -> None:
    [found] = explain("first\n\n550 5.1.1 <a@example.com>: User unknown here")
    [evidence] = found.evidence
    assert evidence.event == 3
    assert evidence.text == "550 5.1.1 <a@example.com>: User unknown here"
    assert [evidence.text[start:end] for start, end in evidence.spans] == ["User unknown"]


def test_a_secret_in_the_text_is_not_in_the_answer() -> None:
    text = (
        "SMTP_PASSWORD=canary-P4ss host smtp.example.com\n"
        "AUTH PLAIN AGJvYgBjYW5hcnktUDRzcw==\n535 5.7.8 canary: authentication failed\n"
        "smtp://bob:canary-P4ss@smtp.example.com:587 Connection refused"
    )
    told = repr(explain(text))
    assert "canary-P4ss" not in told
    assert "AGJvYgBjYW5hcnktUDRzcw" not in told


def test_a_code_alone_never_wins_by_what_is_presumed() -> None:
    [found] = explain("501 syntax")
    assert found.cause == "refusal-unexplained"
