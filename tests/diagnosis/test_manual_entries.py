"""Every troubleshooting entry of five manuals is answered from its text alone, however it is
wrapped, with the fix that the manual names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smtpcheck.api import explain
from smtpcheck.model.diagnosis import Severity
from tests.diagnosis.manual_entries import ENTRIES, Entry

WRAPPINGS: dict[str, Callable[[str], str]] = {
    "bare": str,
    "upper": str.upper,
    "lower": str.lower,
    "dot": lambda text: f"{text.rstrip('.')}.",
    "double-quotes": lambda text: f'"{text}"',
    "single-quotes": lambda text: f"'{text}'",
    "curly-quotes": lambda text: f"\u201c{text}\u201d",
    "log": lambda text: (
        f"2026-03-01 12:00:01,123 ERROR [mail-3] com.example.MailService - Could not send: {text}"
    ),
    "syslog": lambda text: f"Mar  1 12:00:01 app01 app[123]: {text}",
    "trace": lambda text: (
        f"System.Net.Mail.SmtpException: Failure sending mail. ---> System.Exception: {text}\n"
        "   at System.Net.Mail.SmtpConnection.GetConnection()\n"
        "   at System.Net.Mail.SmtpClient.Send(MailMessage message)"
    ),
}
TEXTS = [(name, text) for name, each in ENTRIES.items() for text in (each.text, *each.also)]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_an_entry_has_its_cause_and_its_fix(name: str, text: str, wrapping: str) -> None:
    entry = ENTRIES[name]
    found = explain(WRAPPINGS[wrapping](text))
    assert found, "no cause"
    assert found[0].cause == entry.cause
    assert found[0].severity is Severity.ERROR
    assert not missing(entry, found[0].why, *found[0].help)


def missing(entry: Entry, *said: str) -> list[str]:
    """The words of the fix that were not said."""
    told = " ".join(said).lower()
    return [words for words in entry.fix if words.lower() not in told]


@pytest.mark.parametrize(
    "text",
    [
        "postfix/smtp[96260]: 4F2A: to=<a@example.com>, status=sent (250 2.0.0 Ok)",
        "250 2.0.0 Ok: queued as 96260",
        "Unser Host ist bekannt",
        "No mail was marked",
    ],
)
def test_what_only_looks_like_an_entry_has_no_cause(text: str) -> None:
    assert explain(text) == ()


def test_the_host_in_the_words_of_java_and_net_is_named() -> None:
    for text in (
        "java.net.UnknownHostException: No such host is known (mailhost)",
        "System.Net.Sockets.SocketException (11001): No such host is known. (mailhost:25)",
    ):
        assert "mailhost" in explain(text)[0].why
