"""Which step `--until` means."""

from __future__ import annotations

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.probe.runner import last_step

MEANT = [
    ("", "starttls", "send.quit"),
    ("dns", "starttls", "dns.compare"),
    ("tcp", "starttls", "tcp.ehlo"),
    ("TLS", "starttls", "tls.ehlo"),
    ("ehlo", "starttls", "tls.ehlo"),
    ("ehlo", "none", "tcp.ehlo"),
    ("greeting", "tls", "tls.greeting"),
    ("greeting", "starttls", "tcp.greeting"),
    ("connect", "tls", "tcp.connect"),
    ("handshake", "tls", "tls.handshake"),
    ("tls.ehlo", "starttls", "tls.ehlo"),
    ("auth", "starttls", "auth.login"),
    ("mail", "starttls", "send.mail"),
    ("rcpt", "starttls", "send.rcpt"),
    ("send", "starttls", "send.quit"),
]


@pytest.mark.parametrize(("word", "security", "step"), MEANT)
def test_a_word_means_a_step(word: str, security: str, step: str) -> None:
    assert last_step(word, security) == step


@pytest.mark.parametrize("word", ["everything", "tls.", "message", "1"])
def test_another_word_is_an_error_that_lists_the_right_ones(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        last_step(word, "starttls")
    assert "ehlo" in caught.value.help[0]
