"""What programs print of proxies, Unix sockets and LMTP, and what only looks like it."""

from __future__ import annotations

import pytest

from smtpcheck.api import explain

WAYS = [
    (
        "* CONNECT tunnel failed, response 407\ncurl: (56) CONNECT tunnel failed, response 407",
        "proxy-auth-required",
    ),
    (
        (
            "org.springframework.mail.MailSendException: Mail server connection failed; nested "
            "exception is javax.mail.MessagingException: Could not connect to SMTP host: "
            "smtp.example.com, port: 587;\n  nested exception is:\n\tjava.net.SocketException: "
            "Malformed reply from SOCKS server"
        ),
        "proxy-unreachable",
    ),
    (
        (
            "com.sun.mail.util.MailConnectException: Couldn't connect to host, port: "
            "smtp.example.com, 587; timeout 5000;\n  nested exception is:\n\t"
            "java.net.SocketException: SOCKS: Connection not allowed by ruleset"
        ),
        "proxy-forbidden",
    ),
    ("Error: Invalid response from proxy: 503\n    at SMTPConnection", "proxy-target-unreachable"),
    ("socks.ProxyConnectionError: Error connecting to SOCKS5 proxy p:1080: timed out", None),
    (
        "socks.GeneralProxyError: Socket error: SOCKS5Error: 0x05: Connection refused",
        "proxy-target-unreachable",
    ),
    (
        "connect to mail.example.com[/var/run/dovecot/lmtp]: No such file or directory",
        "tcp-socket-missing",
    ),
    (
        (
            "postfix/lmtp[9]: A1: to=<x@example.com>, relay=mail[private/dovecot-lmtp], "
            "status=bounced (host mail[private/dovecot-lmtp] said: 552 5.2.2 <x@example.com> Quota "
            "exceeded (mailbox for user is full) (in reply to end of DATA command))"
        ),
        "recipient-mailbox-full",
    ),
]
NO_PROXIES = [
    "535 5.7.8 Error: authentication failed",
    "550 5.7.1 Connection not allowed",
    "554 5.7.1 Service unavailable; open proxy detected",
    "421 4.3.2 proxy connection timed out",
    "smtp.example.com:587 connection refused",
    (
        "requests.exceptions.ProxyError: HTTPSConnectionPool(host='api.example.com', port=443): "
        "Tunnel connection failed: 403 Forbidden with url: https://api.example.com/v1"
    ),
    "HTTP/1.1 407 seen at https://intranet.example.com",
]


@pytest.mark.parametrize(("text", "cause"), WAYS)
def test_what_a_proxy_or_a_socket_did_is_named(text: str, cause: str | None) -> None:
    first = explain(text)[0]
    assert first.cause == (cause or "proxy-unreachable")


@pytest.mark.parametrize("text", NO_PROXIES)
def test_what_a_mail_server_or_a_web_page_says_is_no_proxys(text: str) -> None:
    assert not [each.cause for each in explain(text) if each.cause.startswith("proxy-")]
