"""A pasted text as it is read: its lines, the conversation, the server it names, who printed it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Final

from smtpcheck.catalog.rule_index import Open
from smtpcheck.catalog.translation import Phrase, phrases_in
from smtpcheck.diagnosis.pasted.bounce import opened
from smtpcheck.diagnosis.pasted.client import (
    MAIL_CLIENTS,
    client_of,
    exceptions_of,
    other_protocol,
    speaks_of_mail,
)
from smtpcheck.diagnosis.pasted.conversation import Conversation, conversation_of
from smtpcheck.diagnosis.pasted.dotnet import unfolded
from smtpcheck.diagnosis.pasted.lines import Line, lines_of
from smtpcheck.diagnosis.pasted.payload import oddities_of
from smtpcheck.diagnosis.pasted.place import Place, place_of
from smtpcheck.diagnosis.pasted.said import said_in
from smtpcheck.diagnosis.provider import provider_by_host, provider_of
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

MOST_WORDS: Final = 6000
"""Characters of the fact `text`."""
_REASONS: Final = re.compile(
    r"This usually means that the SSL certificate presented by the server is not trusted.{0,900}?"
    r"presented by the server is expired or invalid\.",
    re.DOTALL,
)
"""MailKit lists all reasons that there may be, with every failure of TLS."""
_ADVICE: Final = re.compile(
    r"Otherwise,\s{1,4}if you intended to use STARTTLS, make sure to use the following code:"
    r"(?:\s{1,6}client\.Connect ?\([^()]{0,200}\);?)?"
)
"""The code that MailKit proposes, which is not that of the program."""
_BOILERPLATE: Final = re.compile(
    r"This usually means that the SSL certificate|^the following reasons|fall(?:s|ing) back to|"
    r"^\d\. (?:The server is using a self-signed|The local system is missing a Root|"
    r"A Certificate Authority CRL|The certificate presented by the server is expired|"
    r"The set of SSL/TLS protocols|You are trying to connect to a port)|"
    r"^% \d{1,4}: |^string\(\d{1,3}\) \"(?:SMTP Error: |Could not |The following |Invalid address|"
    r"Unknown encoding|Message body empty)|^\[\"?(?:authenticate|connect_host|data_not_accepted|"
    r"from_failed|instantiate|invalid_address|recipients_failed|smtp_connect_failed)\"?\] ?=>"
)
"""What programs print with every failure, and their lists of messages: nothing of it happened."""
_OWN_SOFTWARE: Final = frozenset(
    (
        *("gmail", "google-smtp-relay", "m365", "outlook-com", "ses", "sendgrid", "mailgun"),
        *("yahoo", "icloud", "zoho", "yandex", "mailru", "qq", "netease"),
    )
)
"""Providers whose servers greet with no name of common software."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that a text reports, for the rules to judge."""

    facts: Mapping[str, Json]
    open: Open
    tier: int
    """How directly the text shows it: 0 a reply or a failure named outright, 1 one that may be a
    consequence, 2 mere words."""
    number: int
    """Of its line; 0: none."""
    last: int
    summary: str


@dataclass(slots=True)
class Reading:
    """All that was found in a text."""

    lines: list[Line]
    conversation: Conversation
    place: Place
    client: str
    common: dict[str, Json]
    failures: list[Failure] = field(default_factory=list)
    other: str = ""
    """Another protocol that the text is about: `imap`, `pop3`, `http`, `other`."""
    of_mail: bool = True


def reading_of(text: str) -> Reading:
    """The text, read; nothing is concluded yet."""
    text = opened(text)
    text = unfolded(_ADVICE.sub(" ", _REASONS.sub(" ", text)))
    lines = _in_english([line for line in lines_of(text) if not _BOILERPLATE.search(line.text)])
    clean = "\n".join(line.text for line in lines)
    head = text[: MOST_WORDS * 4]
    reading = Reading(
        lines=lines,
        conversation=conversation_of(lines, said_in(lines)),
        place=place_of(clean),
        client=client_of(head) or client_of(clean[: MOST_WORDS * 4]),
        common={},
        other=other_protocol(clean[: MOST_WORDS * 4]),
        of_mail=speaks_of_mail(head) or speaks_of_mail(clean[: MOST_WORDS * 4]),
    )
    reading.of_mail = reading.of_mail or reading.client in MAIL_CLIENTS
    reading.common = _common(reading, clean)
    return reading


def _in_english(lines: list[Line]) -> list[Line]:
    """The lines with the messages of programs and systems in English, as the rules know them."""
    phrases = phrases_in("\n".join(line.text for line in lines)[: MOST_WORDS * 4])
    if not phrases:
        return lines
    return [replace(line, text=_put_into_english(line.text, phrases)) for line in lines]


def _put_into_english(text: str, phrases: Sequence[Phrase]) -> str:
    for phrase in phrases:
        text = phrase.put_into_english(text)
    return text


def _common(reading: Reading, clean: str) -> dict[str, Json]:
    place, conversation = reading.place, reading.conversation
    facts: dict[str, Json] = {"text": clean[:MOST_WORDS], **conversation.facts()}
    known: dict[str, Json] = {
        "client": reading.client,
        "exceptions": list(exceptions_of(clean[: MOST_WORDS * 2])),
        "server.host": place.host if place.host and not place.oddity else None,
        "server.port": place.port,
        "server.security": place.security,
        "login.oddities": list(oddities_of(reading.lines)),
    }
    facts |= {name: value for name, value in known.items() if value}
    words = [each.text for each in conversation.replies]
    provider = provider_of(facts, conversation.greeting, [*words, clean[:MOST_WORDS]])
    if provider:
        facts["provider"] = provider
    host = facts.get("server.host")
    if isinstance(host, str) and provider_by_host(host):
        facts["known_host"] = True
    if conversation.greeting and _foreign(conversation.greeting, place.host or ""):
        facts["greeting.foreign"] = True
    if place.host:
        facts["dns.name.ascii"] = place.host.lower().rstrip(".")
        if place.host in ("localhost", "127.0.0.1", "::1"):
            facts["dns.name.special"] = "localhost"
    return facts


def _foreign(greeting: str, host: str) -> bool:
    """Whether the greeting is that of a common mail server, on the name of a provider that runs
    one of its own making."""
    meant = provider_of({"server.host": host}, "", ())
    shown = re.search(
        r"\b(?:Exim|Postfix|cPanel|Sendmail|Plesk|Haraka|hMailServer|We do not authorize)\b",
        greeting,
    )
    domain = ".".join(host.lower().split(".")[-2:])
    return meant in _OWN_SOFTWARE and bool(shown) and domain not in greeting.lower()
