"""What loggers, mail programs and forums put around a text changes nothing of the answer."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pytest

from smtpcheck.api import explain

TEXTS = {
    "Error: connect ECONNREFUSED 127.0.0.1:25\n    at TCPConnectWrap (net.js:1)": "tcp-refused",
    "smtplib.SMTPDataError: (552, b'5.3.4 Message size exceeds fixed limit')": "message-too-large",
    "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1129)": (
        "tls-implicit-on-starttls-port"
    ),
    "javax.mail.MessagingException: Unknown SMTP host: mail.example.net;\n  nested exception is:\n"
    "\tjava.net.UnknownHostException: mail.example.net": "dns-name-not-found",
    "postfix/smtp[7]: 4F1: to=<a@example.com>, status=bounced (host mx.example.com[192.0.2.1] "
    "said: 550 5.1.1 <a@example.com>: User unknown (in reply to RCPT TO command))": (
        "recipient-unknown"
    ),
    " -> EHLO me\n<-  250 STARTTLS\n -> MAIL FROM:<a@example.com>\n"
    "<** 530 5.7.0 Must issue a STARTTLS command first\n -> QUIT\n<-  221 Bye": "starttls-required",
    'Expected response code 250 but got code "421", with message "421 4.4.2 Timeout exceeded"': (
        "session-idle-timeout"
    ),
    "x509: certificate is valid for *.example.net, not smtp.example.org": "cert-hostname-mismatch",
    "550-5.7.26 This mail is unauthenticated, which poses a risk.\n550 5.7.26 Use SPF or DKIM.": (
        "dmarc-unauthenticated"
    ),
    "Message sent: 250 2.0.0 Ok: queued as 4F1": "",
}
WRAPPERS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "compose": lambda text: "\n".join(
        f"app-1  | 2024-05-01T10:11:12.123Z ERROR {line}" for line in text.split("\n")
    ),
    "json": lambda text: json.dumps({"level": "error", "msg": "mail", "err": text}),
    "html": lambda text: f"<p>{html.escape(text)}</p>".replace("\n", "<br/>"),
    "quoted": lambda text: "\n".join(f"> {line}" for line in text.split("\n")),
    "indented": lambda text: "\n".join(f"    {line}" for line in text.split("\n")),
    "fenced": lambda text: f"```\n{text}\n```",
    "letter": lambda text: (
        f"Hello,\n\nsince Monday we see this:\n\n{text}\n\nAny idea? Thanks, Bob"
    ),
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "bytes": lambda text: repr(text.encode()),
    "colour": lambda text: f"\x1b[31m{text}\x1b[0m",
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("text", TEXTS)
def test_the_answer_is_that_of_the_bare_text(text: str, wrapper: str) -> None:
    found = explain(WRAPPERS[wrapper](text))
    assert (found[0].cause if found else "") == TEXTS[text]
